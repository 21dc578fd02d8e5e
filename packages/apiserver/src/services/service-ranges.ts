/**
 * The ranges that services get their addresses from: what the server was started with, as the ServiceCIDR `kubernetes`, and
 * whatever others were added.
 *
 * Mirrors: pkg/registry/core/service/ipallocator/cidrallocator.go (v1.36)
 */
import { serviceCIDRs } from '@kts/api';
import type { ServiceCIDR } from '@kts/api/types/networking-v1';

import { liveObjects } from '../admission/live-objects.ts';
import type { Registry } from '../registry/deps.ts';
import { parseIpRange, type IpRange } from './ip-range.ts';

const OWN_NAME = 'kubernetes';

/** Those that addresses are given out of now, the server's own first. */
export async function readyRanges(registry: Registry, own: readonly IpRange[]): Promise<readonly IpRange[]> {
  const objects = await liveObjects(registry.storages, registry.feed).list(serviceCIDRs, '');
  return planReadyRanges(objects, own);
}

/** Until the server's own object has been written, its ranges are ready. */
export function planReadyRanges(objects: readonly ServiceCIDR[], own: readonly IpRange[]): readonly IpRange[] {
  const isWritten = objects.some(({ metadata }) => metadata.name === OWN_NAME);
  const ready = new Set(objects.filter(isReady).flatMap(({ spec }) => spec?.cidrs ?? []));
  const first = own.filter(({ text }) => !isWritten || ready.has(text));
  const others = [...ready].filter((text) => !own.some((range) => range.text === text));
  return [...first, ...others.map(parseIpRange)];
}

/** Without a condition nobody looks after it, and it is taken as it is. */
function isReady({ metadata, status }: ServiceCIDR): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return metadata.deletionTimestamp === undefined && (condition === undefined || condition.status === 'True');
}
