/**
 * Gives out the addresses of services. Each is held by an IPAddress object, so that two servers on one store never give
 * out the same.
 *
 * Mirrors: pkg/registry/core/service/ipallocator/ipallocator.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { notFound, type KubeObject } from '@kts/apimachinery';
import { ipAddresses } from '@kts/api';

import { draftOf } from '../registry/object-draft.ts';
import { trackUpdate } from '../registry/managed-fields.ts';
import { currentEntry, putObject, removeObject, type WriteTarget } from '../registry/put-object.ts';
import type { Registry } from '../registry/deps.ts';
import { numberToIp, rangeContains, usableIps, type IpRange } from './ip-range.ts';

/** In whose name the API server writes. */
const OWN_MANAGER = 'kube-apiserver';

/** Small services ranges may be full; a search that long has seen every address of them. */
const TRIES_MAX = 1n << 16n;

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
}

export type Allocation = { readonly ok: true; readonly ip: string } | { readonly ok: false; readonly problem: string };

/** Takes a certain address of one of the ranges. A dry run asks for no more than that it is in one. */
export async function takeIp(
  registry: Registry,
  ranges: readonly IpRange[],
  own: IpRange,
  ip: string,
  owner: ServiceReference,
  dryRun: boolean,
): Promise<Allocation> {
  const range = ranges.find((each) => rangeContains(each, ip));
  if (!range) {
    const outside = `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${own.text}`;
    return { ok: false, problem: dryRun ? outside : 'the provided network does not match the current range' };
  }
  if (dryRun || (await write(registry, range, ip, owner))) return { ok: true, ip };
  return { ok: false, problem: 'provided IP is already allocated' };
}

/** Takes any free address of the first range that has one; a dry run shows the first range's own. */
export async function takeAnyIp(
  registry: Registry,
  ranges: readonly IpRange[],
  owner: ServiceReference,
  dryRun: boolean,
): Promise<Allocation> {
  for (const range of ranges) {
    const ip = dryRun ? numberToIp(range.start, range.family) : await takeFreeIp(registry, range, owner);
    if (ip !== undefined) return { ok: true, ip };
  }
  return { ok: false, problem: 'range is full' };
}

async function takeFreeIp(registry: Registry, range: IpRange, owner: ServiceReference): Promise<string | undefined> {
  const { first, count } = usableIps(range);
  const tries = count < TRIES_MAX ? count : TRIES_MAX;
  const start = BigInt(Math.floor(registry.random.next() * Number(tries)));
  for (let index = 0n; index < tries; index++) {
    const ip = numberToIp(first + ((start + index) % tries), range.family);
    if (await write(registry, range, ip, owner)) return ip;
  }
  return undefined;
}

/** Gives an address back, if that service still holds it. */
export async function releaseIp(registry: Registry, ip: string, owner: ServiceReference): Promise<void> {
  const target = targetOf(registry, ip);
  const entry = await currentEntry(target);
  if (entry && isOwner(entry.object(), owner)) await removeObject(target, entry);
}

function targetOf(registry: Registry, ip: string): WriteTarget {
  const storage = registry.storages.of(ipAddresses);
  return { registry, definition: ipAddresses, storage, key: storage.keyOf('', ip) };
}

/** Whether the address was free. */
async function write(registry: Registry, range: IpRange, ip: string, owner: ServiceReference): Promise<boolean> {
  const target = targetOf(registry, ip);
  const present = await currentEntry(target);
  if (present) return isOwner(present.object(), owner) && (await isOrphan(registry, owner));
  const draft = draftOf({
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: ip,
      uid: registry.random.uuid(),
      creationTimestamp: formatTime(registry.clock.now()),
      labels: {
        'ipaddress.kubernetes.io/ip-family': range.family,
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace: owner.namespace, name: owner.name } },
  });
  trackUpdate({ registry, definition: ipAddresses, subresource: '' }, undefined, draft, OWN_MANAGER);
  return (await putObject(target, draft, undefined, false)).ok;
}

interface HeldAddress extends KubeObject {
  readonly spec?: { readonly parentRef?: { readonly namespace?: string; readonly name?: string } };
}

function isOwner(object: KubeObject, owner: ServiceReference): boolean {
  const parent = (object as HeldAddress).spec?.parentRef;
  return parent?.namespace === owner.namespace && parent.name === owner.name;
}

/** An address whose service is gone was left behind by a server that died between two writes. */
async function isOrphan(registry: Registry, owner: ServiceReference): Promise<boolean> {
  const definition = registry.catalog.find('', 'v1', 'services');
  if (!definition) throw notFound({ group: '', plural: 'services' }, owner.name);
  const storage = registry.storages.of(definition);
  const key = storage.keyOf(owner.namespace, owner.name);
  return (await currentEntry({ registry, definition, storage, key })) === undefined;
}
