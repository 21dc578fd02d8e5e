/**
 * Requests and limits of containers and pods.
 *
 * Mirrors: validateResourceRequirements and its callees in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isQualifiedName,
  notFoundValue,
  notSupported,
  quantityCompare,
  quantityScaled,
  required,
  duplicate,
  type FieldError,
  type FieldPath,
  type Quantity,
  wasSentEmpty,
} from '@kts/apimachinery';
import { checkDnsLabel, checkNonNegativeQuantity, invalidEach } from '../field-checks.ts';
import type { PodSpec, ResourceClaim, ResourceRequirements } from '../gen/core-v1.gen.ts';
import {
  aggregateContainerResources,
  HUGE_PAGES_PREFIX,
  isExtendedResource,
  isHugePageResource,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isPodLevelResource,
  isStandardContainerResource,
  isStandardResource,
} from './resource-list.ts';

type NameCheck = (name: string, path: FieldPath) => FieldError[];

export interface ResourceRules {
  readonly claimNames?: ReadonlySet<string>;
  /** Stored objects may keep amounts that are no multiple of the page size. */
  readonly allowIndivisibleHugePages?: boolean;
}

export const validateContainerResources = (
  resources: ResourceRequirements | undefined,
  path: FieldPath,
  rules: ResourceRules,
): FieldError[] => (resources ? validateRequirements(resources, path, checkContainerResourceName, rules) : []);

/** Resources of the pod as a whole: consistent with what its containers ask for. */
export function validatePodResources(spec: PodSpec, path: FieldPath, rules: ResourceRules): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  if (spec.os?.name === 'windows') return [forbidden(path, 'may not be set for a windows pod')];
  const claims =
    resources.claims || wasSentEmpty(resources, 'claims')
      ? [forbidden(path.child('claims'), 'claims may not be set for Resources at pod-level')]
      : [];
  return [
    ...claims,
    ...validateRequirements(resources, path, checkPodResourceName, rules),
    ...validateConsistency(spec, resources, path),
  ];
}

function validateConsistency(spec: PodSpec, resources: ResourceRequirements, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, sum] of Object.entries(aggregateContainerResources(spec, 'requests'))) {
    const own = resources.requests?.[name];
    if (own !== undefined && quantityCompare(sum, own) > 0) {
      const text = `must be greater than or equal to aggregate container requests of ${sum}`;
      errors.push(invalid(path.child('requests').key(name), own, text));
    }
  }
  for (const [name, sum] of Object.entries(aggregateContainerResources(spec, 'limits'))) {
    const own = resources.limits?.[name];
    if (isHugePageResource(name) && own !== undefined && quantityCompare(sum, own) > 0) {
      const text = `must be greater than or equal to aggregate container limits of ${sum}`;
      errors.push(invalid(path.child('limits').key(name), own, text));
    }
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name];
      if (own === undefined || quantityCompare(limit, own) <= 0) continue;
      const at = path.child('containers').index(index).key(name).child('limits');
      errors.push(invalid(at, limit, `must be less than or equal to pod limits of ${own}`));
    }
  }
  return errors;
}

function validateRequirements(
  resources: ResourceRequirements,
  path: FieldPath,
  checkName: NameCheck,
  rules: ResourceRules,
): FieldError[] {
  const { limits = {}, requests = {} } = resources;
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(limits)) {
    errors.push(...validateAmount(name, amount, path.child('limits').key(name), checkName, rules));
  }
  for (const [name, amount] of Object.entries(requests)) {
    const at = path.child('requests');
    const [own, pages] = splitHugePageError(name, amount, at.key(name), checkName, rules);
    errors.push(...own, ...compareWithLimit(name, amount, limits[name], path), ...pages);
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePageResource) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(path, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(resources.claims ?? [], path.child('claims'), rules.claimNames ?? new Set())];
}

function compareWithLimit(name: string, amount: Quantity, limit: Quantity | undefined, path: FieldPath): FieldError[] {
  if (limit === undefined) {
    if (isOvercommitAllowed(name)) return [];
    return [required(path.child('limits'), 'Limit must be set for non overcommitable resources')];
  }
  const order = quantityCompare(amount, limit);
  if (order !== 0 && !isOvercommitAllowed(name)) {
    return [invalid(path.child('requests'), amount, `must be equal to ${name} limit of ${limit}`)];
  }
  if (order <= 0) return [];
  return [invalid(path.child('requests'), amount, `must be less than or equal to ${name} limit of ${limit}`)];
}

function validateAmount(
  name: string,
  amount: Quantity,
  path: FieldPath,
  checkName: NameCheck,
  rules: ResourceRules,
): FieldError[] {
  return splitHugePageError(name, amount, path, checkName, rules).flat();
}

function splitHugePageError(
  name: string,
  amount: Quantity,
  path: FieldPath,
  checkName: NameCheck,
  rules: ResourceRules,
): readonly [FieldError[], FieldError[]] {
  const own = [...checkName(name, path), ...validateResourceAmount(name, amount, path)];
  if (!isHugePageResource(name) || rules.allowIndivisibleHugePages || isHugePageMultiple(name, amount))
    return [own, []];
  return [own, [invalid(path, amount, `${amount} is not positive integer multiple of ${name}`)]];
}

/** An amount of any resource: not negative, and whole where the resource is counted. */
export function validateResourceAmount(name: string, amount: Quantity, path: FieldPath): FieldError[] {
  const errors = checkNonNegativeQuantity(amount, path);
  if (isIntegerResource(name) && quantityScaled(amount, -3) % 1000n !== 0n) {
    errors.push(invalid(path, amount, 'must be an integer'));
  }
  return errors;
}

/** Whether the amount is a multiple of the page size that the resource's name gives. */
export function isHugePageMultiple(name: string, amount: Quantity): boolean {
  const size = name.slice(HUGE_PAGES_PREFIX.length);
  if (!/^[0-9.]+(?:[numkKMGTPE]i?|[eE][0-9]+)?$/.test(size)) return false;
  const page = quantityScaled(size, -3);
  return page > 0n && quantityScaled(amount, -3) % page === 0n;
}

/** A name with a domain, or one that Kubernetes knows. */
export function checkResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || name.includes('/') || isStandardResource(name)) return errors;
  return [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

export function checkContainerResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = checkResourceName(name, path);
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name))
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

function checkPodResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = checkResourceName(name, path);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(path, name, ['cpu', HUGE_PAGES_PREFIX, 'memory'])];
}

/** Claims of a container name entries of the pod's claims, each entry or request of it once. */
function validateClaims(claims: readonly ResourceClaim[], path: FieldPath, known: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name, request }] of claims.entries()) {
    const at = path.index(index);
    if (!name) {
      errors.push(required(at));
      continue;
    }
    const key = request ? `${name}/${request}` : name;
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      if (request) errors.push(...checkDnsLabel(request, at.child('request')));
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (!request) {
        for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(at, name));
      }
      seen.add(key);
    }
    if (!known.has(name)) errors.push(unknownClaim(at, name, known));
  }
  return errors;
}

function unknownClaim(path: FieldPath, name: string, known: ReadonlySet<string>): FieldError {
  const names = known.size === 0 ? ' which is empty' : `: ${[...known].toSorted().join(', ')}`;
  const error = notFoundValue(path, name);
  return { ...error, message: `${error.message}: must be one of the names in pod.spec.resourceClaims${names}` };
}
