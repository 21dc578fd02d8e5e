/**
 * Which service range is ready, and which may go.
 *
 * Mirrors: pkg/controller/servicecidrs/servicecidrs_controller.go, pkg/api/servicecidr (v1.36)
 */
import { parseIp } from '@kts/api';
import type { IPAddress, ServiceCIDR } from '@kts/api/types/networking-v1';
import { parseTime } from '@kts/apimachinery';

import { overlaps, parsePrefix, type IpPrefix } from '../network/ip-prefix.ts';

export const SERVICE_CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

/** Allocators get this long to learn that a range goes away. */
const DELETION_GRACE_MS = 10_000;

const READY = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' } as const;
const TERMINATING = {
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
} as const;

export interface Observed {
  readonly serviceCIDR: ServiceCIDR;
  /** All of them, this one included. */
  readonly serviceCIDRs: readonly ServiceCIDR[];
  readonly addresses: readonly IPAddress[];
  readonly now: number;
}

export interface Plan {
  readonly finalizer?: 'add' | 'remove';
  /** To be written; absent if it says so already. */
  readonly condition?: typeof READY | typeof TERMINATING;
  readonly requeueAfterMs?: number;
}

export function planServiceCIDR(observed: Observed): Plan {
  const { serviceCIDR, now } = observed;
  const { deletionTimestamp, finalizers = [] } = serviceCIDR.metadata;
  const isHeld = finalizers.includes(SERVICE_CIDR_FINALIZER);
  if (deletionTimestamp === undefined) {
    return { ...(isHeld ? {} : { finalizer: 'add' }), ...conditionIfNew(serviceCIDR, READY) };
  }
  if (!canGo(observed)) return conditionIfNew(serviceCIDR, TERMINATING);
  const waitMs = parseTime(deletionTimestamp) + DELETION_GRACE_MS - now;
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  return isHeld ? { finalizer: 'remove' } : {};
}

/** Ranges that share addresses with one. */
export function overlapping(serviceCIDR: ServiceCIDR, all: readonly ServiceCIDR[]): readonly ServiceCIDR[] {
  const own = prefixesOf(serviceCIDR);
  return all.filter((other) => prefixesOf(other).some((prefix) => own.some((each) => overlaps(prefix, each))));
}

/** Ranges that an address may have been taken of; none for addresses that were not allocated. */
export function containing({ metadata }: IPAddress, all: readonly ServiceCIDR[]): readonly ServiceCIDR[] {
  if (metadata.labels?.[MANAGED_BY_LABEL] !== ALLOCATOR) return [];
  return all.filter((serviceCIDR) => prefixesOf(serviceCIDR).some((prefix) => gives(prefix, metadata.name)));
}

/** Every one of its blocks is part of another range, or no address in it would be left without one. */
function canGo({ serviceCIDR, serviceCIDRs, addresses }: Observed): boolean {
  const others = serviceCIDRs.filter(({ metadata }) => metadata.name !== serviceCIDR.metadata.name);
  const prefixes = prefixesOf(serviceCIDR);
  const isInside = (prefix: IpPrefix): boolean =>
    others.some((other) => prefixesOf(other).some((each) => overlaps(each, prefix) && each.length <= prefix.length));
  if (prefixes.every(isInside)) return true;
  const families = new Set<string>(prefixes.map(({ family }) => family));
  return !addresses.some((address) => {
    if (!families.has(address.metadata.labels?.[FAMILY_LABEL] ?? '')) return false;
    const holders = containing(address, serviceCIDRs);
    return holders.length === 1 && holders[0]?.metadata.name === serviceCIDR.metadata.name;
  });
}

function conditionIfNew(serviceCIDR: ServiceCIDR, condition: NonNullable<Plan['condition']>): Plan {
  const current = serviceCIDR.status?.conditions?.find(({ type }) => type === 'Ready');
  const { status, reason, message } = condition;
  const isCurrent = current?.status === status && current.reason === reason && current.message === message;
  return isCurrent ? {} : { condition };
}

function prefixesOf({ spec }: ServiceCIDR): readonly IpPrefix[] {
  return (spec.cidrs ?? []).flatMap((text) => parsePrefix(text) ?? []);
}

/** A network's own address and an IPv4 broadcast address are never given to a service. */
function gives(prefix: IpPrefix, address: string): boolean {
  const ip = parseIp(address);
  if (!ip || ip.family !== prefix.family || ip.value <= prefix.first || ip.value > prefix.last) return false;
  return prefix.family === 'IPv6' || ip.value !== prefix.last;
}
