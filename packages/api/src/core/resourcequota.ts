import { FieldPath, invalid, parseQuantity, quantityCompare, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { IMMUTABLE } from '../field-checks.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import { isStandardQuotaResource, type ResourceList } from './resource-list.ts';
import { checkResourceName, validateResourceAmount } from './resource-validation.ts';
import { internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');
const POD_RESOURCES = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
/** Which resources each scope makes sense for. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: POD_RESOURCES,
  NotTerminating: POD_RESOURCES,
  NotBestEffort: POD_RESOURCES,
  PriorityClass: POD_RESOURCES,
  CrossNamespacePodAffinity: POD_RESOURCES,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const EXISTS_ONLY = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const EXISTS_ONLY_TEXT =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

/**
 * What all objects of a namespace together may ask for.
 *
 * Mirrors: pkg/registry/core/resourcequota, ValidateResourceQuota... in pkg/apis/core/validation (v1.36)
 */
export const resourceQuotas = defineResource<ResourceQuota>('v1', 'resourcequotas', {
  generation: 'none',
  setDefaults: ({ spec, status }) => {
    for (const amounts of [spec?.hard, status?.hard, status?.used]) roundUpAmounts(amounts);
  },
  prepareForCreate: (draft) => {
    draft.status = {};
  },
  validate: ({ spec }) => validateQuotaSpec(spec),
  validateUpdate: ({ spec }, old) => {
    const scopes = new Set<string>(spec.scopes);
    const before = new Set<string>(old.spec?.scopes);
    const same = scopes.size === before.size && [...scopes].every((scope) => before.has(scope));
    return [
      ...validateQuotaSpec(spec),
      ...(same ? [] : [invalid(SPEC.child('scopes'), spec.scopes ?? null, IMMUTABLE)]),
    ];
  },
  validateStatusUpdate: ({ status }) => [
    ...validateAmounts(status?.hard, STATUS.child('hard')),
    ...validateAmounts(status?.used, STATUS.child('used')),
  ],
  warnings: ({ spec }, old) => (old ? [] : requestsAboveLimits(spec?.hard ?? {})),
  cells: ({ metadata, status }, now) => [
    metadata.name,
    usageText(status, false),
    usageText(status, true),
    age(metadata.creationTimestamp, now),
  ],
});

function validateQuotaSpec(spec: ResourceQuotaSpec): FieldError[] {
  return [
    ...validateAmounts(spec.hard, SPEC.child('hard')),
    ...validateScopes(spec),
    ...(spec.scopeSelector ? validateSelector(spec, spec.scopeSelector.matchExpressions ?? []) : []),
  ];
}

function validateAmounts(amounts: ResourceList = {}, path: FieldPath): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) => [
    ...checkQuotaResourceName(name, path.key(name)),
    ...validateResourceAmount(name, amount, path.key(name)),
  ]);
}

function checkQuotaResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = checkResourceName(name, path);
  if (name.includes('/') || isStandardQuotaResource(name)) return errors;
  return [...errors, invalid(path, name, 'must be a standard resource for quota')];
}

function validateScopes({ scopes = [], hard }: ResourceQuotaSpec): FieldError[] {
  const path = SPEC.child('scopes');
  return [
    ...scopes.flatMap((scope) => [
      ...(SCOPES[scope] ? [] : [invalid(path, scopes, 'unsupported scope')]),
      ...unsuitable(scope, hard).map(() => invalid(path, scopes, 'unsupported scope applied to resource')),
    ]),
    ...conflicts(scopes).map(() => invalid(path, scopes, 'conflicting scopes')),
  ];
}

function unsuitable(scope: string, hard: ResourceList = {}): string[] {
  const resources = SCOPES[scope];
  return Object.keys(hard).filter((name) => resources && isStandardQuotaResource(name) && !resources.includes(name));
}

function conflicts(scopes: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ];
  return pairs.filter((pair) => pair.every((scope) => scopes.includes(scope)));
}

function validateSelector(
  spec: ResourceQuotaSpec,
  requirements: readonly ScopedResourceSelectorRequirement[],
): FieldError[] {
  const path = SPEC.child('scopeSelector', 'matchExpressions');
  const internal = internalForm('core.v1.ScopeSelector', spec.scopeSelector);
  const errors = requirements.flatMap(({ scopeName, operator, values = [] }) => [
    ...(SCOPES[scopeName] ? [] : [invalid(path.child('scopeName'), scopeName, 'unsupported scope')]),
    ...unsuitable(scopeName, spec.hard).map(() => invalid(path, internal, 'unsupported scope applied to resource')),
    ...(EXISTS_ONLY.includes(scopeName) && operator !== 'Exists'
      ? [invalid(path.child('operator'), operator, EXISTS_ONLY_TEXT)]
      : []),
    ...validateOperator(operator, values, path),
  ]);
  const scopes = requirements.map(({ scopeName }) => scopeName as string);
  return [...errors, ...conflicts(scopes).map(() => invalid(path, spec.scopes ?? null, 'conflicting scopes'))];
}

function validateOperator(operator: string, values: readonly string[], path: FieldPath): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length === 0 ? [required(path.child('values'), text)] : [];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length === 0 ? [] : [invalid(path.child('values'), values, text)];
    }
    default:
      return [invalid(path.child('operator'), operator, 'not a valid selector operator')];
  }
}

function usageText(status: ResourceQuota['status'], limits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

/** A quota that leaves room for more requests than limits can never be used up. */
function requestsAboveLimits(hard: ResourceList): readonly string[] {
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const bare = name === 'cpu' || name === 'memory' ? [name] : [];
    const request = [`requests.${name}`, ...bare].find((key) => hard[key] !== undefined);
    const limit = `limits.${name}`;
    if (request === undefined || hard[limit] === undefined) return [];
    if (quantityCompare(parseQuantity(hard[request]!), parseQuantity(hard[limit])) <= 0) return [];
    return [`ResourceQuota ${request} (${hard[request]}) should be less than ${limit} (${hard[limit]})`];
  });
}
