/**
 * What a claim asks for: requests, constraints among them and their configuration.
 *
 * Mirrors: validateDeviceClaim in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { invalid, notSupported, required, wasSentEmpty, type FieldError, type FieldPath } from '@kts/apimachinery';
import { checkDnsLabel, checkDnsSubdomain, NOT_POSITIVE } from '../field-checks.ts';
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../gen/resource-v1.gen.ts';
import { validateBoundedList, validateBoundedSet } from './bounded-collections.ts';
import { validateDeviceConfiguration } from './device-configuration-validation.ts';
import { validateDeviceSelectors } from './device-selector-validation.ts';
import { validateFullyQualifiedName } from './device-names.ts';
import { validateDeviceToleration } from './device-taint-validation.ts';

export const REQUESTS_MAX = 32;
const CONSTRAINTS_MAX = 32;
export const CONFIGURATIONS_MAX = 32;
const FIRST_AVAILABLE_MAX = 8;

/** Names of requests, each with those of its subrequests. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function validateClaimSpec(spec: ResourceClaimSpec | undefined, path: FieldPath): FieldError[] {
  const { requests, constraints, config } = spec?.devices ?? {};
  const at = path.child('devices');
  const names = requestNamesOf(spec?.devices);
  return [
    ...validateBoundedSet(requests, REQUESTS_MAX, validateRequest, ({ name }) => name ?? '', at.child('requests')),
    ...validateBoundedList(
      constraints,
      CONSTRAINTS_MAX,
      (constraint, atConstraint) => validateConstraint(constraint, names, atConstraint),
      at.child('constraints'),
    ),
    ...validateBoundedList(
      config,
      CONFIGURATIONS_MAX,
      (configuration, atConfig) => validateClaimConfiguration(configuration, names, atConfig),
      at.child('config'),
    ),
  ];
}

export function requestNamesOf(devices: DeviceClaim | undefined): RequestNames {
  return new Map(
    (devices?.requests ?? []).map(({ name, firstAvailable }) => [
      name ?? '',
      new Set((firstAvailable ?? []).map((subRequest) => subRequest.name ?? '')),
    ]),
  );
}

function validateRequest(request: DeviceRequest, path: FieldPath): FieldError[] {
  const { name, exactly, firstAvailable } = request;
  const errors = checkDnsLabel(name ?? '', path.child('name'));
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && (firstAvailable?.length || wasSentEmpty(request, 'firstAvailable'))) {
    return [...errors, invalid(path, null, `${text}, but multiple fields are set`)];
  }
  if (exactly) return [...errors, ...validateDeviceChoice(exactly, path.child('exactly'))];
  if (!firstAvailable?.length) return [...errors, required(path, text)];
  return [
    ...errors,
    ...validateBoundedSet(
      firstAvailable,
      FIRST_AVAILABLE_MAX,
      validateSubRequest,
      (subRequest) => subRequest.name ?? '',
      path.child('firstAvailable'),
    ),
  ];
}

function validateSubRequest(request: DeviceSubRequest, path: FieldPath): FieldError[] {
  return [...checkDnsLabel(request.name ?? '', path.child('name')), ...validateDeviceChoice(request, path)];
}

function validateDeviceChoice(request: ExactDeviceRequest | DeviceSubRequest, path: FieldPath): FieldError[] {
  const { deviceClassName, selectors, tolerations = [] } = request;
  const at = path.child('deviceClassName');
  return [
    ...(deviceClassName ? checkDnsSubdomain(deviceClassName, at) : [required(at)]),
    ...validateDeviceSelectors(selectors, path.child('selectors')),
    ...validateAllocationMode(request, path),
    ...tolerations.flatMap((toleration, index) =>
      validateDeviceToleration(toleration, path.child('tolerations').index(index)),
    ),
  ];
}

function validateAllocationMode(request: ExactDeviceRequest | DeviceSubRequest, path: FieldPath): FieldError[] {
  const { count = 0 } = request;
  const allocationMode: string = request.allocationMode ?? '';
  switch (allocationMode) {
    case 'All':
      if (count === 0) return [];
      return [invalid(path.child('count'), count, "must not be specified when allocationMode is 'All'")];
    case 'ExactCount':
      return count <= 0 ? [invalid(path.child('count'), count, NOT_POSITIVE)] : [];
    default:
      return [notSupported(path.child('allocationMode'), allocationMode, ['All', 'ExactCount'])];
  }
}

function validateConstraint(constraint: DeviceConstraint, names: RequestNames, path: FieldPath): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateRequestReferences(requests, names, path.child('requests'));
  if (matchAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(matchAttribute, path.child('matchAttribute'))];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(distinctAttribute, path.child('distinctAttribute'))];
  }
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(path, text)];
}

function validateClaimConfiguration(
  configuration: DeviceClaimConfiguration,
  names: RequestNames,
  path: FieldPath,
): FieldError[] {
  return [
    ...validateRequestReferences(configuration.requests, names, path.child('requests')),
    ...validateDeviceConfiguration(configuration, path),
  ];
}

export function validateRequestReferences(
  requests: readonly string[] | undefined,
  names: RequestNames,
  path: FieldPath,
): FieldError[] {
  return validateBoundedSet(
    requests,
    REQUESTS_MAX,
    (name, at) => validateRequestReference(name, names, at),
    (name) => name,
    path,
  );
}

/** `request` or `request/subrequest`. */
export function validateRequestReference(reference: string, names: RequestNames, path: FieldPath): FieldError[] {
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = reference.split('/');
  if (parts.length > 2) return [invalid(path, reference, text)];
  const [name, subName] = parts as [string, string?];
  const known = subName === undefined ? names.has(name) : names.get(name)?.has(subName) === true;
  return [...parts.flatMap((part) => checkDnsLabel(part, path)), ...(known ? [] : [invalid(path, reference, text)])];
}
