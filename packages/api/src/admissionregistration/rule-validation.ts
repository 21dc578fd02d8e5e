/**
 * Which resources a rule may name.
 *
 * Mirrors: validateRuleWithOperations, validateRule and validateResources in pkg/apis/admissionregistration/validation/validation.go (v1.36)
 */
import { invalid, notSupported, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import { checkSupported } from '../field-checks.ts';
import type { RuleWithOperations } from '../gen/admissionregistration-v1.gen.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

export function validateRuleWithOperations(rule: RuleWithOperations, path: FieldPath): FieldError[] {
  const operations = rule.operations ?? [];
  const at = path.child('operations');
  return [
    ...(operations.length === 0 ? [required(at)] : []),
    ...(operations.length > 1 && operations.includes('*')
      ? [invalid(at, operations, "if '*' is present, must not specify other operations")]
      : []),
    ...operations.flatMap((operation, index) =>
      OPERATIONS.includes(operation) ? [] : [notSupported(at.index(index), operation, OPERATIONS)],
    ),
    ...validateRule(rule, path),
  ];
}

function validateRule(
  { apiGroups = [], apiVersions = [], resources = [], scope }: Partial<RuleWithOperations>,
  path: FieldPath,
): FieldError[] {
  const versions = path.child('apiVersions');
  return [
    ...validateWildcard(apiGroups, 'API groups', path.child('apiGroups')),
    ...validateWildcard(apiVersions, 'API versions', versions),
    ...apiVersions.flatMap((version, index) => (version === '' ? [required(versions.index(index))] : [])),
    ...validateResources(resources, path.child('resources')),
    ...checkSupported(scope, ['*', 'Cluster', 'Namespaced'], path.child('scope')),
  ];
}

function validateWildcard(values: readonly string[], what: string, path: FieldPath): FieldError[] {
  if (values.length === 0) return [required(path)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalid(path, values, `if '*' is present, must not specify other ${what}`)];
}

/** `pods`, `pods/status`, also with `*` for either part, and `*` for every resource. */
function validateResources(resources: readonly string[], path: FieldPath): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const allOf = new Set<string>();
  const everywhere = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const at = path.index(index);
    const slash = resource.indexOf('/');
    if (resource === '') errors.push(required(at));
    if (slash < 0) continue;
    const [name, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    if (allOf.has(name)) errors.push(invalid(at, resource, `if '${name}/*' is present, must not specify ${resource}`));
    if (everywhere.has(sub))
      errors.push(invalid(at, resource, `if '*/${sub}' is present, must not specify ${resource}`));
    if (sub === '*') allOf.add(name);
    if (name === '*') everywhere.add(sub);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  // Only the last resource without a subresource counts, as upstream has it.
  const bare = resources.findLast((resource) => resource !== '' && !resource.includes('/'));
  if (resources.includes('*') && bare !== '*') {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
}
