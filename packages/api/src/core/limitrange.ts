import {
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  isQualifiedName,
  quantityCompare,
  quantityToFloat,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { invalidEach } from '../field-checks.ts';
import type { LimitRange, LimitRangeItem } from '../gen/core-v1.gen.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import { isOvercommitAllowed } from './resource-list.ts';
import { checkContainerResourceName, checkResourceName } from './resource-validation.ts';

const LIMITS = FieldPath.of('spec', 'limits');
const TYPES = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const MAPS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/**
 * What one pod, container or claim of a namespace may ask for, and what it gets when it does not ask.
 *
 * Mirrors: pkg/registry/core/limitrange, ValidateLimitRange in pkg/apis/core/validation (v1.36)
 */
export const limitRanges = defineResource<LimitRange>('v1', 'limitranges', {
  generation: 'none',
  allowCreateOnUpdate: true,
  setDefaults: ({ spec }) => {
    for (const limit of spec?.limits ?? []) setLimitDefaults(limit);
  },
  /** Names are optional. */
  prepareForCreate: ({ metadata }) => {
    metadata.name ||= anotherUuid(metadata.uid);
  },
  validate: validateLimitRange,
  validateUpdate: validateLimitRange,
});

/** Strategies have no randomness of their own: the same digits in another order. */
function anotherUuid(uuid: string): string {
  const [first = '', second, third, fourth, last = ''] = uuid.split('-');
  return [last.slice(0, first.length), second, third, fourth, first + last.slice(first.length)].join('-');
}

/** Limits of containers are the maximum unless given, requests the limit, else the minimum. */
function setLimitDefaults(limit: Draft<LimitRangeItem>): void {
  if (limit.type === 'Container') {
    const limits = { ...limit.max, ...limit.default };
    const requests = { ...limit.min, ...limits, ...limit.defaultRequest };
    if (Object.keys(limits).length > 0) limit.default = limits;
    if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
  }
  for (const field of MAPS) roundUpAmounts(limit[field]);
}

function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const types = new Set<string>();
  return (spec?.limits ?? []).flatMap((limit, index) => {
    const path = LIMITS.index(index);
    const type = limit.type ?? '';
    const errors = validateType(type, path.child('type'));
    if (types.has(type)) errors.push(duplicate(path.child('type'), type));
    types.add(type);
    return [...errors, ...validateNames(limit, path), ...validateAmounts(limit, path)];
  });
}

function validateType(type: string, path: FieldPath): FieldError[] {
  const errors = invalidEach(path, type, isQualifiedName(type));
  if (errors.length > 0 || type.includes('/') || TYPES.has(type)) return errors;
  return [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function validateNames(limit: LimitRangeItem, path: FieldPath): FieldError[] {
  const isPod = limit.type === 'Pod';
  const check = isPod || limit.type === 'Container' ? checkContainerResourceName : checkResourceName;
  const errors: FieldError[] = [];
  for (const field of MAPS) {
    const names = Object.keys(limit[field] ?? {});
    if (isPod && field.startsWith('default')) {
      if (names.length > 0) errors.push(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"));
    } else errors.push(...names.flatMap((name) => check(name, path.child(field).key(name))));
  }
  if (limit.type !== 'PersistentVolumeClaim' || limit.min?.['storage'] || limit.max?.['storage']) return errors;
  const text = 'either minimum or maximum storage value is required, but neither was provided';
  return [...errors, required(path.child('limits'), text)];
}

function validateAmounts(limit: LimitRangeItem, path: FieldPath): FieldError[] {
  const own = limit.type === 'Pod' ? (['max', 'min', 'maxLimitRequestRatio'] as const) : MAPS;
  const names = new Set(own.flatMap((field) => Object.keys(limit[field] ?? {})));
  return [...names].flatMap((name) => validateAmount(limit, name, path));
}

function validateAmount(limit: LimitRangeItem, name: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { min, max, maxLimitRequestRatio } = limit;
  const isPod = limit.type === 'Pod';
  const [low, high, ratio] = [min?.[name], max?.[name], maxLimitRequestRatio?.[name]];
  const preset = isPod ? undefined : limit.default?.[name];
  const request = isPod ? undefined : limit.defaultRequest?.[name];
  /** The first amount must not exceed the second. `shown` is the value of the message. */
  const atMost = (
    a: string | undefined,
    b: string | undefined,
    field: string,
    names: [string, string],
    shown?: string,
  ) => {
    if (a === undefined || b === undefined || quantityCompare(a, b) <= 0) return;
    errors.push(invalid(path.child(field).key(name), shown, `${names[0]} ${a} is greater than ${names[1]} ${b}`));
  };
  atMost(low, high, 'min', ['min value', 'max value'], low);
  atMost(low, request, 'defaultRequest', ['min value', 'default request value'], request);
  atMost(request, high, 'defaultRequest', ['default request value', 'max value'], request);
  atMost(request, preset, 'defaultRequest', ['default request value', 'default limit value'], request);
  atMost(low, preset, 'default', ['min value', 'default value'], low);
  atMost(preset, high, 'default', ['default value', 'max value'], high);
  const ratioPath = path.child('maxLimitRequestRatio').key(name);
  if (ratio !== undefined && quantityCompare(ratio, '1') < 0) {
    errors.push(invalid(ratioPath, ratio, `ratio ${ratio} is less than 1`));
  }
  if (ratio !== undefined && low !== undefined && high !== undefined) {
    const most = quantityToFloat(high) / quantityToFloat(low);
    if (quantityToFloat(ratio) > most) {
      errors.push(invalid(ratioPath, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
    }
  }
  if (!isOvercommitAllowed(name) && preset !== undefined && request !== undefined && quantityCompare(preset, request)) {
    const text = `default value ${preset} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(path.child('defaultRequest').key(name), request, text));
  }
  return errors;
}
