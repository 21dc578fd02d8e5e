/**
 * Keeps the Endpoints of Services, for those who still read them instead of EndpointSlices.
 *
 * Mirrors: pkg/controller/endpoint/endpoints_controller.go (v1.36)
 */
import { endpoints, pods, services } from '@kts/api';
import type { Endpoints, Service } from '@kts/api/types/core-v1';
import { isNotFound, type KubeObject, type ObjectKey } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { errorMessage, isNamespaceTerminating } from '../pods/pod-control.ts';
import { ChangeBatching } from './change-batching.ts';
import { planEndpoints, type EndpointsPlan, type Observed } from './plan-endpoints.ts';
import { endpointsOfPodChanged, podsOfService, selectsPods, servicesOfPod } from './pod-endpoints.ts';
import { TriggerTimes } from './trigger-times.ts';

const RETRIES_MAX = 15;

/** The Service is gone, and its Endpoints are to go, too. */
interface Leftover {
  readonly leftover: Endpoints;
}

type Seen = Observed | Leftover;
type Plan = EndpointsPlan | { readonly do: 'delete'; readonly endpoints: Endpoints };

export function endpointsController(batchPeriodMs: number): AnyControllerDefinition {
  const triggers = new TriggerTimes();
  const batching = new ChangeBatching(batchPeriodMs);
  return defineController<Service, Seen, Plan>({
    name: 'endpoints-controller',
    for: services,
    watches: [
      watching(pods, {
        map: servicesOfPod,
        changed: endpointsOfPodChanged,
        delayMs: (key) => batching.delayMs(key),
      }),
    ],
    reads: [endpoints],
    setup: watchEndpoints,
    retriesMax: RETRIES_MAX,
    observe: (key, context) => {
      const seen = observe(key, context);
      batching.note(key, seen && 'pods' in seen ? seen.pods.length : 0);
      if (!context.informers.get(services).get(key)) triggers.forget(key);
      return seen;
    },
    plan: (seen) => ('leftover' in seen ? { do: 'delete', endpoints: seen.leftover } : planEndpoints(seen)),
    apply: (plan, seen, context) => applyEndpoints(plan, seen, context, triggers),
  });
}

/** Deleted ones come back, and those of Services that were deleted while nobody looked go. */
function watchEndpoints({ informers, enqueue }: ControllerContext): void {
  const informer = informers.get(endpoints);
  informer.subscribe({ onDelete: ({ metadata }) => enqueue(metadata) });
  void informer.synced.then(() => {
    for (const { metadata } of informer.list()) enqueue(metadata);
  });
}

function observe(key: ObjectKey, { informers }: ControllerContext): Seen | undefined {
  const service = informers.get(services).get(key);
  const present = informers.get(endpoints).get(key);
  // Endpoints that nobody made for a Service, such as those of leader election, are not ours.
  if (!service) return present && isManaged(present) ? { leftover: present } : undefined;
  if (!selectsPods(service)) return undefined;
  return { service, pods: podsOfService(service, informers), present };
}

function isManaged({ metadata }: Endpoints): boolean {
  return metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined;
}

async function applyEndpoints(
  plan: Plan,
  seen: Seen,
  { client, events, signal }: ControllerContext,
  triggers: TriggerTimes,
): Promise<void> {
  if (plan.do === 'delete') {
    await client.delete(endpoints, plan.endpoints.metadata, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    return;
  }
  if ('leftover' in seen || plan.do === 'nothing') return;
  const stamp = triggers.annotate(seen.service, seen.pods);
  const { namespace, name } = seen.service.metadata;
  try {
    if (plan.do === 'create') {
      await client.create(endpoints, { ...plan.endpoints, metadata: stamp(plan.endpoints.metadata) }, { signal });
    } else {
      await client.update(endpoints, { ...plan.endpoints, metadata: stamp(plan.endpoints.metadata) }, { signal });
    }
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const text = errorMessage(error);
    const subject = plan.do === 'create' ? newReference(namespace, name) : plan.endpoints;
    if (plan.do === 'create') {
      const message = `Failed to create endpoint for service ${namespace}/${name}: ${text}`;
      events.event(subject, 'Warning', 'FailedToCreateEndpoint', message);
    } else {
      const message = `Failed to update endpoint ${namespace}/${name}: ${text}`;
      events.event(subject, 'Warning', 'FailedToUpdateEndpoint', message);
    }
    throw error;
  }
}

function newReference(namespace: string, name: string): Pick<KubeObject, 'kind' | 'apiVersion'> & ObjectKey {
  return { apiVersion: 'v1', kind: 'Endpoints', namespace, name };
}
