/**
 * Whether a remote group version can be served, as far as this cluster's own objects tell. Pure.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go (v1.36)
 */
import { formatTime } from '@kts/base';
import type { APIService, APIServiceCondition } from '@kts/api/types/apiregistration-v1';
import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import type { RemoteApi } from './remote-api.ts';

export interface Availability {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export const PASSED: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/** What stands in the way; undefined: nothing, the server itself has to be asked. `slices` are those of the service. */
export function serviceProblem(
  { service }: RemoteApi,
  found: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const { name, namespace, port } = service;
  const subject = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!found) return unavailable('ServiceNotFound', `${subject} is not present`);
  if (found.spec?.type !== 'ClusterIP') return undefined;
  const wanted = found.spec.ports?.find((one) => one.port === port);
  if (!wanted) return unavailable('ServicePortError', `${subject} is not listening on port ${port}`);
  if (slices.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for ${subject}`);
  const portName = wanted.name ?? '';
  if (slices.some((slice) => hasEndpoint(slice, portName))) return undefined;
  const text = `endpointslices for ${subject} have no addresses with port name ${JSON.stringify(portName)}`;
  return unavailable('MissingEndpoints', text);
}

export function failedDiscovery(message: string): Availability {
  return unavailable('FailedDiscoveryCheck', message);
}

function unavailable(reason: string, message: string): Availability {
  return { status: 'False', reason, message };
}

function hasEndpoint({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const ready = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
  return ready && (ports ?? []).some(({ name, port }) => (name ?? '') === portName && port !== undefined);
}

/** The conditions of an APIService with what is known now; undefined: they say so already. */
export function conditionsWith(
  { status }: Pick<APIService, 'status'>,
  availability: Availability,
  now: number,
): readonly APIServiceCondition[] | undefined {
  const conditions = status?.conditions ?? [];
  const index = conditions.findIndex(({ type }) => type === 'Available');
  const before = conditions[index];
  const { reason, message } = availability;
  if (before?.status === availability.status && before.reason === reason && before.message === message)
    return undefined;
  const isSame = before?.status === availability.status;
  const lastTransitionTime = (isSame ? before.lastTransitionTime : undefined) ?? formatTime(now);
  const condition: APIServiceCondition = { type: 'Available', lastTransitionTime, ...availability };
  return index < 0 ? [...conditions, condition] : conditions.toSpliced(index, 1, condition);
}
