/**
 * Says that service ranges are ready, and keeps those that addresses still come from.
 *
 * Mirrors: pkg/controller/servicecidrs/servicecidrs_controller.go (v1.36)
 */
import { ipAddresses, serviceCIDRs } from '@kts/api';
import type { ServiceCIDR } from '@kts/api/types/networking-v1';
import { isNotFound } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import { defineController, watching, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import {
  containing,
  overlapping,
  planServiceCIDR,
  SERVICE_CIDR_FINALIZER,
  type Observed,
  type Plan,
} from './plan-servicecidr.ts';

const NAME = 'service-cidr-controller';
const RETRIES_MAX = 15;

export const serviceCIDRController: AnyControllerDefinition = defineController<ServiceCIDR, Observed, Plan>({
  name: NAME,
  for: serviceCIDRs,
  watches: [
    // A new range may take over the addresses of another that waits to go.
    watching(serviceCIDRs, {
      map: (serviceCIDR, { informers }) =>
        overlapping(serviceCIDR, informers.get(serviceCIDRs).list()).map(({ metadata }) => metadata),
      changed: () => false,
    }),
    watching(ipAddresses, {
      map: (address, { informers }) =>
        containing(address, informers.get(serviceCIDRs).list()).map(({ metadata }) => metadata),
      changed: () => false,
    }),
  ],
  retriesMax: RETRIES_MAX,
  observe: (key, { informers, clock }) => {
    const serviceCIDR = informers.get(serviceCIDRs).get(key);
    if (!serviceCIDR) return undefined;
    const isGoing = serviceCIDR.metadata.deletionTimestamp !== undefined;
    return {
      serviceCIDR,
      serviceCIDRs: isGoing ? informers.get(serviceCIDRs).list() : [],
      addresses: isGoing ? informers.get(ipAddresses).list() : [],
      now: clock.now(),
    };
  },
  plan: planServiceCIDR,
  apply,
});

async function apply(
  { finalizer, condition }: Plan,
  { serviceCIDR, now }: Observed,
  context: ControllerContext,
): Promise<void> {
  const { client, events, signal } = context;
  if (finalizer) await patchFinalizer(serviceCIDR, finalizer, context);
  if (!condition) return;
  const configuration = {
    metadata: { name: serviceCIDR.metadata.name },
    status: { conditions: [{ type: 'Ready', ...condition, lastTransitionTime: formatTime(now) }] },
  };
  try {
    const options = { subresource: 'status', fieldManager: NAME, force: true, signal };
    await client.apply(serviceCIDRs, configuration, options);
  } catch (error) {
    if (condition.status === 'True') {
      const message = 'The ServiceCIDR Status can not be set to Ready=True';
      events.event(serviceCIDR, 'Warning', 'KubernetesServiceCIDRError', message);
    }
    throw error;
  }
}

async function patchFinalizer(
  { metadata }: ServiceCIDR,
  step: 'add' | 'remove',
  { client, signal }: ControllerContext,
): Promise<void> {
  const field = step === 'add' ? 'finalizers' : '$deleteFromPrimitiveList/finalizers';
  const body = { metadata: { [field]: [SERVICE_CIDR_FINALIZER] } };
  try {
    await client.patch(serviceCIDRs, metadata, { type: 'strategic', body }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
