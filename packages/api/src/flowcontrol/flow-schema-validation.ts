/**
 * Which requests a flow schema matches.
 *
 * Mirrors: pkg/apis/flowcontrol/validation/validation.go (v1.36)
 */
import {
  deepEqual,
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  notSupported,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { invalidEach } from '../field-checks.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../gen/flowcontrol-v1.gen.ts';
import { internalForm } from '../internal-form.ts';
import { EXEMPT, MANDATORY_FLOW_SCHEMAS } from './mandatory-configuration.ts';

const PRECEDENCE_MAX = 10_000;
const DISTINGUISHERS = ['ByNamespace', 'ByUser'];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const ALL = '*';
const SPEC = FieldPath.of('spec');

export function validateFlowSchema({ metadata, spec, status }: FlowSchema): FieldError[] {
  const mandatory = MANDATORY_FLOW_SCHEMAS[metadata.name ?? ''];
  const text = `spec of '${metadata.name}' must equal the fixed value`;
  return [
    ...validateSpec(metadata.name ?? '', spec),
    ...(mandatory && !deepEqual(spec, mandatory)
      ? [invalid(SPEC, internalForm('flowcontrol.v1.FlowSchemaSpec', spec), text)]
      : []),
    ...validateFlowConditions(status?.conditions),
  ];
}

function validateSpec(name: string, spec: FlowSchemaSpec): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec;
  const errors: FieldError[] = [];
  const path = SPEC.child('matchingPrecedence');
  if (matchingPrecedence <= 0) errors.push(invalid(path, matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > PRECEDENCE_MAX) {
    errors.push(invalid(path, matchingPrecedence, `must not be greater than ${PRECEDENCE_MAX}`));
  }
  if (matchingPrecedence === 1 && name !== EXEMPT) {
    errors.push(invalid(path, 1, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  if (distinguisherMethod && !DISTINGUISHERS.includes(distinguisherMethod.type)) {
    const shown = internalForm('flowcontrol.v1.FlowDistinguisherMethod', distinguisherMethod);
    errors.push(notSupported(SPEC.child('distinguisherMethod', 'type'), shown, DISTINGUISHERS));
  }
  const level = priorityLevelConfiguration?.name;
  const at = SPEC.child('priorityLevelConfiguration', 'name');
  if (level) errors.push(...invalidEach(at, level, nameIsDNSSubdomain(level, false)));
  else errors.push(required(at, 'must reference a priority level'));
  return [...errors, ...rules.flatMap((rule, index) => validateRule(rule, SPEC.child('rules').index(index)))];
}

function validateRule(rule: PolicyRulesWithSubjects, path: FieldPath): FieldError[] {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule;
  const errors: FieldError[] = [];
  if (subjects?.length) {
    errors.push(...subjects.flatMap((subject, index) => validateSubject(subject, path.child('subjects').index(index))));
  } else errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((item, index) => validateResourceRule(item, path.child('resourceRules').index(index))),
    ...nonResourceRules.flatMap((item, index) =>
      validateNonResourceRule(item, path.child('nonResourceRules').index(index)),
    ),
  ];
}

/** Field, and the kind that goes with it, in the order of complaints. */
const SUBJECTS = [
  ['serviceAccount', 'ServiceAccount'],
  ['user', 'User'],
  ['group', 'Group'],
] as const;

function validateSubject(subject: Subject, path: FieldPath): FieldError[] {
  const own = SUBJECTS.find(([, kind]) => kind === subject.kind);
  if (!own) return [notSupported(path.child('kind'), subject.kind ?? '', ['Group', 'ServiceAccount', 'User'])];
  const [field] = own;
  const at = path.child(field);
  const value = subject[field];
  const errors = value ? [] : [required(at, `${field} is required when subject kind is '${subject.kind}'`)];
  if (value) {
    if (field === 'serviceAccount') errors.push(...validateAccount(value as ServiceAccountSubject, at));
    else if (!value.name) errors.push(required(at.child('name')));
  }
  for (const [other, kind] of SUBJECTS) {
    if (other === field || subject[other] === undefined) continue;
    errors.push(forbidden(path.child(other), `${other} is forbidden when subject kind is not '${kind}'`));
  }
  return errors;
}

function validateAccount({ name, namespace }: ServiceAccountSubject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(path.child('name')));
  else if (name !== ALL) errors.push(...invalidEach(path.child('name'), name, nameIsDNSSubdomain(name, false)));
  const at = path.child('namespace');
  if (namespace) return [...errors, ...invalidEach(at, namespace, nameIsDNSLabel(namespace, false))];
  return [...errors, required(at, 'must specify namespace for service account')];
}

function validateNonResourceRule(
  { verbs, nonResourceURLs: urls }: NonResourcePolicyRule,
  path: FieldPath,
): FieldError[] {
  const errors = validateVerbs(verbs, path.child('verbs'));
  const at = path.child('nonResourceURLs');
  if (!urls?.length) return [...errors, required(at, 'nonResourceURLs must contain at least one value')];
  if (!urls.includes(ALL)) return [...errors, ...urls.flatMap((url, index) => validateUrl(url, at.index(index)))];
  return [...errors, ...refuseBesideAll(urls, at, 'non-resource URLs')];
}

function validateVerbs(verbs: readonly string[] | undefined, path: FieldPath): FieldError[] {
  if (!verbs?.length) return [required(path, 'verbs must contain at least one value')];
  if (verbs.includes(ALL)) return refuseBesideAll(verbs, path, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(path, verbs, VERBS)];
}

function refuseBesideAll(values: readonly string[], path: FieldPath, what: string): FieldError[] {
  if (values.length < 2 || !values.includes(ALL)) return [];
  return [invalid(path, values, `if '*' is present, must not specify other ${what}`)];
}

/** A path from the root; only its end may be a wildcard. */
function validateUrl(url: string, path: FieldPath): FieldError[] {
  const problem = urlProblem(url);
  return problem === undefined ? [] : [invalid(path, url, problem)];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split(ALL).length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

function validateResourceRule(rule: ResourcePolicyRule, path: FieldPath): FieldError[] {
  const { verbs, apiGroups, resources, clusterScope } = rule;
  const namespaces = rule.namespaces ?? [];
  const at = path.child('namespaces');
  const errors = [
    ...validateVerbs(verbs, path.child('verbs')),
    ...validateNames(apiGroups, path.child('apiGroups'), 'api group'),
    ...validateNames(resources, path.child('resources'), 'resource'),
  ];
  if (namespaces.length === 0 && !clusterScope) {
    const text = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [...errors, required(at, text)];
  }
  if (namespaces.includes(ALL)) return [...errors, ...refuseBesideAll(namespaces, at, 'namespaces')];
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  const complaints = namespaces.flatMap((namespace, index) =>
    nameIsDNSLabel(namespace, false).map((text) => invalid(at.index(index), namespace, `${intro}${text}`)),
  );
  return [...errors, ...complaints];
}

function validateNames(names: readonly string[] | undefined, path: FieldPath, what: string): FieldError[] {
  if (!names?.length) return [required(path, `resource rules must supply at least one ${what}`)];
  return refuseBesideAll(names, path, `${what}s`);
}

/** Of flow schemas and of priority levels. */
export function validateFlowConditions(conditions: readonly { readonly type?: string }[] = []): FieldError[] {
  const path = FieldPath.of('status', 'conditions');
  const types = conditions.map(({ type = '' }) => type);
  return types.flatMap((type, index) => {
    const at = path.index(index).child('type');
    const again = types.indexOf(type) < index ? [duplicate(at, type)] : [];
    return type ? again : [...again, required(at)];
  });
}
