/**
 * What a claim has been given and who uses it are changed by those who may bind claims, what drivers say about devices
 * by those who may speak for the driver: the right to write the status alone is not enough.
 *
 * Mirrors: AuthorizedForBinding, AuthorizedForDeviceStatus in pkg/registry/resource/utils.go (v1.36)
 */
import { deepEqual, FieldPath, forbidden, isDNS1123Subdomain, type FieldError } from '@kts/apimachinery';
import type { AllocatedDeviceStatus, AllocationResult, ResourceClaimStatus } from '@kts/api/types/resource-v1';

import { forbiddenError, type AuthorizationAttributes, type Authorizer } from '../authorization/authorizer.ts';
import type { RequestInfo, UserInfo } from '../request.ts';

const NODE_NAME = 'authentication.kubernetes.io/node-name';
const ACCOUNT = /^system:serviceaccount:[^:]+:[^:]+$/;
const STATUS = FieldPath.of('status');

/** Who asks for what, and who knows whether they may. */
export interface ClaimWriter {
  readonly user: UserInfo;
  readonly info: RequestInfo;
  readonly authorizer: Authorizer;
}

export function authorizeClaimStatus(
  writer: ClaimWriter,
  status: ResourceClaimStatus,
  old: ResourceClaimStatus,
): FieldError[] {
  const errors = authorizeBinding(writer, status, old);
  // Without an allocation all that drivers have said is dropped.
  return status.allocation ? [...errors, ...authorizeDrivers(writer, status, old)] : errors;
}

function authorizeBinding(writer: ClaimWriter, status: ResourceClaimStatus, old: ResourceClaimStatus): FieldError[] {
  const same =
    deepEqual(status.allocation, old.allocation) && deepEqual(status.reservedFor ?? [], old.reservedFor ?? []);
  if (same) return [];
  const { verb } = writer.info;
  // Not about this claim: the right is one to all claims.
  const refusal = refusalOf(writer, { ...writer.info, subresource: 'binding', namespace: '', name: '' });
  if (refusal === undefined) return [];
  const text = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${refusal}`;
  return [forbidden(STATUS.child('allocation'), text)];
}

function authorizeDrivers(writer: ClaimWriter, status: ResourceClaimStatus, old: ResourceClaimStatus): FieldError[] {
  const { verb } = writer.info;
  const near = isOnNode(writer.user, nodeOf(status.allocation));
  const verbs = [...(near ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
  return changedDrivers(status.devices ?? [], old.devices ?? []).flatMap((name) => {
    const refusals = verbs.map((one) => refusalOf(writer, { ...writer.info, verb: one, subresource: 'driver', name }));
    if (refusals.includes(undefined)) return [];
    const text = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${refusals[0]!}`;
    return [forbidden(STATUS.child('devices'), text)];
  });
}

function refusalOf({ user, authorizer }: ClaimWriter, attributes: AuthorizationAttributes): string | undefined {
  const { decision, reason, error } = authorizer.authorize(user, attributes);
  if (decision === 'allow') return undefined;
  return forbiddenError(user, attributes, error && reason ? `${error}: ${reason}` : (error ?? reason)).message;
}

/** Drivers of which something was added, changed or removed, sorted. */
function changedDrivers(devices: readonly AllocatedDeviceStatus[], old: readonly AllocatedDeviceStatus[]): string[] {
  const before = new Map(old.map((device) => [keyOf(device), device]));
  const after = new Map(devices.map((device) => [keyOf(device), device]));
  const changed = [
    ...devices.filter((device) => !deepEqual(before.get(keyOf(device)), device)),
    ...old.filter((device) => !after.has(keyOf(device))),
  ];
  return [...new Set(changed.map(({ driver }) => driver))].toSorted();
}

const keyOf = ({ driver, pool, device, shareID = '' }: AllocatedDeviceStatus): string =>
  [driver, pool, device, shareID].join('\n');

/** The one node that an allocation is for. */
function nodeOf(allocation: AllocationResult | undefined): string | undefined {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const { matchExpressions = [], matchFields = [] } = terms[0] ?? {};
  if (terms.length !== 1 || matchExpressions.length > 0 || matchFields.length !== 1) return undefined;
  const { key, operator, values = [] } = matchFields[0]!;
  return key === 'metadata.name' && operator === 'In' && values.length === 1 ? values[0] : undefined;
}

/** The account of a pod on that node. */
function isOnNode({ name, extra }: UserInfo, node: string | undefined): boolean {
  const nodes = extra?.[NODE_NAME] ?? [];
  if (!node || !ACCOUNT.test(name) || nodes.length !== 1) return false;
  return isDNS1123Subdomain(nodes[0]!).length === 0 && nodes[0] === node;
}
