/**
 * What drivers and the scheduler say about a claim.
 *
 * Mirrors: ValidateResourceClaimStatusUpdate in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { FieldPath, forbidden, invalid, required, tooLong, tooMany, type FieldError } from '@kts/apimachinery';
import { validateConditions } from '../condition-validation.ts';
import { validateNodeSelector } from '../core/affinity-validation.ts';
import { byteLength, checkChoice, checkDnsLabel, checkImmutable, sameValue } from '../field-checks.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../gen/resource-v1.gen.ts';
import { checkInterfaceAddress } from '../ip-address.ts';
import { validateBoundedList, validateBoundedSet } from './bounded-collections.ts';
import {
  CONFIGURATIONS_MAX,
  REQUESTS_MAX,
  requestNamesOf,
  validateRequestReference,
  validateRequestReferences,
  type RequestNames,
} from './device-claim-validation.ts';
import { validateDeviceConfiguration, validateRawObject } from './device-configuration-validation.ts';
import { validateDriverName, validatePoolName, validateShareId } from './device-names.ts';
import { validateBindingConditions } from './device-validation.ts';

const RESERVATIONS_MAX = 256;
const CONDITIONS_MAX = 8;
const DATA_BYTES_MAX = 10 * 1024;
const ADDRESSES_MAX = 16;
const INTERFACE_NAME_BYTES_MAX = 256;
const HARDWARE_ADDRESS_BYTES_MAX = 128;
const STATUS = FieldPath.of('status');

export function validateClaimStatusUpdate(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor, devices, allocation } = claim.status ?? {};
  const before = old.status?.allocation;
  const allocated = new Set((allocation?.devices?.results ?? []).map((result) => JSON.stringify(deviceId(result))));
  const path = STATUS.child('allocation');
  return [
    ...validateBoundedSet(
      reservedFor,
      RESERVATIONS_MAX,
      validateConsumer,
      ({ uid }) => uid ?? '',
      STATUS.child('reservedFor'),
    ),
    ...validateBoundedSet(
      devices,
      Infinity,
      (device, at) => validateDeviceStatus(device, at, allocated),
      deviceId,
      STATUS.child('devices'),
    ),
    ...validateReservations(claim, old),
    ...(allocation && before ? checkImmutable(allocation, before, path, 'resource.v1.AllocationResult') : []),
    ...(allocation && !before ? validateAllocation(allocation, path, requestNamesOf(claim.spec?.devices)) : []),
  ];
}

type Identified = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>;

function deviceId({ driver, pool, device, shareID }: Identified): object {
  return { Driver: driver ?? '', Pool: pool ?? '', Device: device ?? '', ShareID: shareID ?? '' };
}

function validateConsumer(consumer: ResourceClaimConsumerReference, path: FieldPath): FieldError[] {
  const fields = ['resource', 'name', 'uid'] as const;
  return fields.filter((field) => !consumer[field]).map((field) => required(path.child(field)));
}

/** Consumers need an allocation; a claim that is being deleted gets no new ones. */
function validateReservations({ metadata, status }: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], allocation } = status ?? {};
  if (reservedFor.length === 0) return [];
  const path = STATUS.child('reservedFor');
  if (!allocation) return [forbidden(path, 'may not be specified when `allocated` is not set')];
  if (!metadata.deletionTimestamp) return [];
  const before = old.status?.reservedFor ?? [];
  if (reservedFor.every((consumer) => before.some((known) => sameValue(known, consumer)))) return [];
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbidden(path, text)];
}

function validateAllocation(allocation: AllocationResult, path: FieldPath, names: RequestNames): FieldError[] {
  const { devices, nodeSelector } = allocation;
  const at = path.child('devices');
  return [
    ...validateBoundedList(
      devices?.results,
      REQUESTS_MAX,
      (result, atResult) => validateResult(result, atResult, names),
      at.child('results'),
    ),
    ...validateBoundedList(
      devices?.config,
      2 * CONFIGURATIONS_MAX, // the class's and the claim's
      (config, atConfig) => validateAllocatedConfiguration(config, atConfig, names),
      at.child('config'),
    ),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, path.child('nodeSelector'), false) : []),
  ];
}

function validateResult(result: DeviceRequestAllocationResult, path: FieldPath, names: RequestNames): FieldError[] {
  return [
    ...validateRequestReference(result.request ?? '', names, path.child('request')),
    ...validateDriverName(result.driver, path.child('driver')),
    ...validatePoolName(result.pool, path.child('pool')),
    ...checkDnsLabel(result.device ?? '', path.child('device')),
    ...validateBindingConditions(result, path),
    ...(result.shareID === undefined ? [] : validateShareId(result.shareID, path.child('shareID'))),
  ];
}

function validateAllocatedConfiguration(
  configuration: DeviceAllocationConfiguration,
  path: FieldPath,
  names: RequestNames,
): FieldError[] {
  return [
    ...checkChoice(configuration.source, ['FromClaim', 'FromClass'], path.child('source')),
    ...validateRequestReferences(configuration.requests, names, path.child('requests')),
    ...validateDeviceConfiguration(configuration, path),
  ];
}

function validateDeviceStatus(
  device: AllocatedDeviceStatus,
  path: FieldPath,
  allocated: ReadonlySet<string>,
): FieldError[] {
  const { shareID, conditions = [], data } = device;
  const id = deviceId(device);
  const errors = [
    ...validateDriverName(device.driver, path.child('driver')),
    ...validatePoolName(device.pool, path.child('pool')),
    ...checkDnsLabel(device.device ?? '', path.child('device')),
    ...(shareID === undefined ? [] : validateShareId(shareID, path.child('shareID'))),
  ];
  if (!allocated.has(JSON.stringify(id))) errors.push(invalid(path, id, 'must be an allocated device in the claim'));
  const at = path.child('conditions');
  if (conditions.length > CONDITIONS_MAX) errors.push(tooMany(at, conditions.length, CONDITIONS_MAX));
  return [
    ...errors,
    ...validateConditions(conditions, at),
    ...(data === undefined ? [] : validateRawObject(data, path.child('data'), DATA_BYTES_MAX)),
    ...validateNetworkData(device.networkData, path.child('networkData')),
  ];
}

function validateNetworkData(data: NetworkDeviceData | undefined, path: FieldPath): FieldError[] {
  if (!data) return [];
  const { interfaceName = '', hardwareAddress = '', ips } = data;
  const errors: FieldError[] = [];
  if (byteLength(interfaceName) > INTERFACE_NAME_BYTES_MAX) {
    errors.push(tooLong(path.child('interfaceName'), INTERFACE_NAME_BYTES_MAX));
  }
  if (byteLength(hardwareAddress) > HARDWARE_ADDRESS_BYTES_MAX) {
    errors.push(tooLong(path.child('hardwareAddress'), HARDWARE_ADDRESS_BYTES_MAX));
  }
  const addresses = validateBoundedSet(
    ips,
    ADDRESSES_MAX,
    (address, at) => checkInterfaceAddress(address, at),
    (address) => address,
    path.child('ips'),
  );
  return [...errors, ...addresses];
}
