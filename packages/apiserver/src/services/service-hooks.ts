/**
 * What services get when they are written: addresses and node ports, which they give back when they no longer need
 * them.
 *
 * Mirrors: pkg/registry/core/service/storage/{alloc,storage}.go (v1.36)
 */
import {
  FieldPath,
  internalError,
  invalid,
  invalidObject,
  type Draft,
  type FieldError,
  type KubeObject,
} from '@kts/apimachinery';
import { initIpFamilies, needsHealthCheck, normalizeClusterIps, services, staysPreferred } from '@kts/api';
import type { Service, ServicePort, ServiceSpec } from '@kts/api/types/core-v1';

import type { RequestScope } from '../registry/request-scope.ts';
import type { ResourceHooks, Transaction } from '../registry/resource-hooks.ts';
import { releaseIp, takeAnyIp, takeIp, type ServiceReference } from './cluster-ips.ts';
import { parseIpRange, type IpRange } from './ip-range.ts';
import { readyRanges } from './service-ranges.ts';
import { DryRunNodePorts, NodePorts } from './node-ports.ts';

type Spec = Draft<ServiceSpec>;
const SPEC = FieldPath.of('spec');
const HEADLESS = 'None';

/** `ranges`: the first is of the primary IP family. */
export function serviceHooks(ranges: readonly string[]): ResourceHooks {
  const parsed = ranges.map(parseIpRange);
  const families = parsed.map(({ family }) => family);
  const reserved = new Set<number>();
  return {
    async begin(scope, draft, old, dryRun) {
      const before = old as Service | undefined;
      const service = draft as unknown as Draft<Service>;
      const spec = (service.spec ??= {} as Spec);
      if (before?.spec) keepAllocated(spec, before.spec);
      normalizeClusterIps(service, before);
      const held = new HeldResources(scope, { namespace: scope.namespace, name: draft.metadata.name }, reserved);
      try {
        const unfit = initIpFamilies(spec, before?.spec, families);
        if (unfit.length > 0) throw refused(held.owner, unfit);
        await allocateIps(scope, held, parsed, spec, before?.spec, dryRun);
        await allocatePorts(scope, held, spec, before, dryRun);
      } catch (error) {
        await held.finish(false);
        throw error;
      }
      if (before) held.releaseAfter(ipsOf(before.spec).filter((ip) => !ipsOf(spec).includes(ip)));
      return held;
    },
    async deleted(scope, object) {
      const service = object as Service;
      const owner = { namespace: service.metadata.namespace ?? '', name: service.metadata.name };
      for (const ip of ipsOf(service.spec)) await releaseIp(scope.registry, ip, owner);
    },
  };
}

/** What a write has taken so far. */
class HeldResources implements Transaction {
  readonly #scope: RequestScope;
  readonly #owner: ServiceReference;
  readonly #reserved: Set<number>;
  readonly #ips: string[] = [];
  readonly ports: number[] = [];
  #later: readonly string[] = [];

  constructor(scope: RequestScope, owner: ServiceReference, reserved: Set<number>) {
    this.#scope = scope;
    this.#owner = owner;
    this.#reserved = reserved;
  }

  get owner(): ServiceReference {
    return this.#owner;
  }

  get reserved(): Set<number> {
    return this.#reserved;
  }

  addIp(ip: string): void {
    this.#ips.push(ip);
  }

  releaseAfter(ips: readonly string[]): void {
    this.#later = ips;
  }

  async finish(written: boolean): Promise<void> {
    for (const port of this.ports) this.#reserved.delete(port);
    const unneeded = written ? this.#later : this.#ips;
    for (const ip of unneeded) await releaseIp(this.#scope.registry, ip, this.#owner);
  }
}

function needsIp(spec: ServiceSpec | Spec | undefined): boolean {
  return spec !== undefined && spec.type !== 'ExternalName' && spec.clusterIP !== HEADLESS;
}

function ipsOf(spec: ServiceSpec | Spec | undefined): readonly string[] {
  if (!spec || !needsIp(spec)) return [];
  return (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])).filter((ip) => ip !== '');
}

function needsNodePorts(spec: ServiceSpec | Spec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

/** An update that says nothing about what was given to the service means to keep it. */
function keepAllocated(spec: Spec, before: ServiceSpec): void {
  if (before.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = [...before.clusterIPs];
  }
  if (needsNodePorts(before) && needsNodePorts(spec)) keepNodePorts(spec.ports ?? [], before.ports ?? []);
  if (needsHealthCheck(before) && needsHealthCheck(spec) && !spec.healthCheckNodePort && before.healthCheckNodePort) {
    spec.healthCheckNodePort = before.healthCheckNodePort;
  }
}

/** By the ports' names, unless another port has asked for that number. */
function keepNodePorts(ports: Draft<ServicePort>[], before: readonly ServicePort[]): void {
  const asked = new Set(ports.map(({ nodePort }) => nodePort));
  const byName = new Map(before.map(({ name = '', nodePort }) => [name, nodePort]));
  for (const port of ports) {
    const number = byName.get(port.name ?? '');
    if (!port.nodePort && number && !asked.has(number)) port.nodePort = number;
  }
}

/** Which of the service's addresses a write has to take, by their place in `clusterIPs`. */
function placesToTake(spec: Spec, before: ServiceSpec | undefined): readonly number[] {
  if (!needsIp(spec)) return [];
  const all = [...(spec.ipFamilies ?? []).keys()];
  if (!before || before.type === 'ExternalName') return all;
  if (before.clusterIPs?.[0] === HEADLESS || staysPreferred(spec, before)) return [];
  return before.ipFamilies?.length === 1 && spec.ipFamilies?.length === 2 ? [1] : [];
}

async function allocateIps(
  { registry }: RequestScope,
  held: HeldResources,
  ranges: readonly IpRange[],
  spec: Spec,
  before: ServiceSpec | undefined,
  dryRun: boolean,
): Promise<void> {
  const places = placesToTake(spec, before);
  if (places.length === 0) return;
  const ips = [...(spec.clusterIPs ?? [])];
  const ready = await readyRanges(registry, ranges);
  for (const index of places) {
    const ofFamily = ({ family }: IpRange): boolean => family === spec.ipFamilies?.[index];
    const usable = ready.filter(ofFamily);
    const wanted = ips[index] ?? '';
    const result =
      wanted === ''
        ? await takeAnyIp(registry, usable, held.owner, dryRun)
        : await takeIp(registry, usable, ranges.find(ofFamily)!, wanted, held.owner, dryRun);
    if (!result.ok) {
      const text =
        wanted === ''
          ? `failed to allocate a serviceIP: ${result.problem}`
          : `failed to allocate IP ${wanted}: ${result.problem}`;
      throw refused(held.owner, [invalid(SPEC.child('clusterIPs'), spec.clusterIPs ?? [], text)]);
    }
    held.addIp(result.ip);
    ips[index] = result.ip;
  }
  spec.clusterIPs = ips;
  if (ips[0]) spec.clusterIP = ips[0];
}

async function allocatePorts(
  scope: RequestScope,
  held: HeldResources,
  spec: Spec,
  old: Service | undefined,
  dryRun: boolean,
): Promise<void> {
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return;
  const all = await allServices(scope);
  const pool = dryRun ? new DryRunNodePorts(all) : new NodePorts(all, held.reserved);
  const take = (wanted: number | undefined, path: FieldPath): number => {
    const problem = wanted ? pool.take(wanted) : undefined;
    if (problem !== undefined) throw refused(held.owner, [invalid(path, wanted, problem)]);
    const number = wanted || pool.takeAny(scope.registry.random);
    if (number === undefined) throw internalError('failed to allocate a nodePort: range is full');
    held.ports.push(number);
    return number;
  };
  if (old) changePorts(spec, new Set(nodePortsOf(old.spec)), take);
  else newPorts(spec, take);
  if (!needsHealthCheck(spec) || (old?.spec && needsHealthCheck(old.spec))) return;
  const problem = spec.healthCheckNodePort ? pool.take(spec.healthCheckNodePort) : undefined;
  if (problem !== undefined) {
    throw internalError(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${problem}`);
  }
  if (spec.healthCheckNodePort) held.ports.push(spec.healthCheckNodePort);
  else spec.healthCheckNodePort = take(undefined, SPEC.child('healthCheckNodePort'));
}

type TakePort = (wanted: number | undefined, path: FieldPath) => number;

const atNodePort = (index: number): FieldPath => SPEC.child('ports').index(index).child('nodePort');

/** The same port of several protocols gets the same node port. */
function newPorts(spec: Spec, take: TakePort): void {
  const chosen = new Map<number, number>();
  const ports = spec.ports ?? [];
  for (const [index, port] of ports.entries()) {
    if (!port.nodePort && !needsNodePorts(spec)) continue;
    const sibling = chosen.get(port.port);
    if (sibling === undefined) {
      const asked = ports.find((other) => other.port === port.port && other.nodePort)?.nodePort;
      port.nodePort = take(asked, atNodePort(index));
      chosen.set(port.port, port.nodePort);
    } else if (!port.nodePort) port.nodePort = sibling;
    else if (port.nodePort !== sibling) take(port.nodePort, atNodePort(index));
  }
}

function changePorts(spec: Spec, own: Set<number>, take: TakePort): void {
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePorts(spec)) continue;
    if (port.nodePort && own.has(port.nodePort)) continue;
    port.nodePort = take(port.nodePort, atNodePort(index));
    own.add(port.nodePort);
  }
}

function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  return (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

async function allServices({ registry }: RequestScope): Promise<Iterable<Service>> {
  const storage = registry.storages.of(services);
  const loading = registry.feed.ready(storage.cache);
  if (loading) await loading;
  return storage.cache.range(storage.prefix).map((entry) => entry.object() as KubeObject as Service);
}

function refused({ name }: ServiceReference, errors: readonly FieldError[]): Error {
  return invalidObject({ group: '', kind: 'Service' }, name, errors);
}
