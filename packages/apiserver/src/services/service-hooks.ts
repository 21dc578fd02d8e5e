/**
 * What services get when they are written: addresses and node ports, which they give back when they no longer need
 * them.
 *
 * Mirrors: pkg/registry/core/service/storage/{alloc,storage}.go (v1.36)
 */
import { FieldPath, invalid, invalidObject, type Draft, type FieldError, type KubeObject } from '@kts/apimachinery';
import { services } from '@kts/api';
import type { Service, ServicePort, ServiceSpec } from '@kts/api/types/core-v1';

import type { RequestScope } from '../registry/request-scope.ts';
import type { ResourceHooks, Transaction } from '../registry/resource-hooks.ts';
import { releaseIp, takeAnyIp, takeIp, type ServiceReference } from './cluster-ips.ts';
import { ipFamily, parseIpRange, type IpRange } from './ip-range.ts';
import { NodePorts, portsOf } from './node-ports.ts';

type Spec = Draft<ServiceSpec>;
const SPEC = FieldPath.of('spec');
const HEADLESS = 'None';

/** `ranges`: the first is of the primary IP family. */
export function serviceHooks(ranges: readonly string[]): ResourceHooks {
  const parsed = ranges.map(parseIpRange);
  const reserved = new Set<number>();
  return {
    async begin(scope, draft, old, dryRun) {
      const before = old as Service | undefined;
      const service = draft as unknown as Draft<Service>;
      const spec = (service.spec ??= {} as Spec);
      if (before) keepAllocated(spec, before.spec);
      const held = new HeldResources(scope, { namespace: scope.namespace, name: draft.metadata.name }, reserved);
      try {
        defaultFamilies(spec, parsed);
        await allocateIps(scope, held, parsed, spec, before?.spec, dryRun);
        await allocatePorts(scope, held, spec, before);
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

function needsHealthPort(spec: ServiceSpec | Spec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** An update that says nothing about what was given to the service means to keep it. */
function keepAllocated(spec: Spec, before: ServiceSpec | undefined): void {
  if (!before) return;
  if (needsIp(before) && spec.type !== 'ExternalName') {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP === before.clusterIP && before.clusterIPs) {
      spec.clusterIPs = [...before.clusterIPs];
    }
  }
  if (needsNodePorts(before) && needsNodePorts(spec)) {
    for (const port of spec.ports ?? []) {
      const same = before.ports?.find((old) => isSamePort(old, port));
      if (!port.nodePort && same?.nodePort) port.nodePort = same.nodePort;
    }
  }
  if (needsHealthPort(before) && needsHealthPort(spec) && !spec.healthCheckNodePort && before.healthCheckNodePort) {
    spec.healthCheckNodePort = before.healthCheckNodePort;
  }
}

function isSamePort(a: ServicePort, b: Draft<ServicePort>): boolean {
  return a.port === b.port && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** Which IP families the service has: what it asks for, by its addresses, or the cluster's first. */
function defaultFamilies(spec: Spec, ranges: readonly IpRange[]): void {
  if (spec.type === 'ExternalName') return;
  if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilyPolicy ??=
    (spec.clusterIPs ?? []).length > 1 || (spec.ipFamilies ?? []).length > 1 ? 'RequireDualStack' : 'SingleStack';
  const wanted = spec.ipFamilyPolicy === 'SingleStack' ? 1 : Math.min(2, ranges.length);
  const fromIps = (spec.clusterIPs ?? []).filter((ip) => ip !== '' && ip !== HEADLESS).map(ipFamily);
  const families = [...new Set([...(spec.ipFamilies ?? []), ...fromIps, ...ranges.map(({ family }) => family)])];
  spec.ipFamilies = families.slice(0, Math.max(wanted, spec.ipFamilies?.length ?? 0));
}

async function allocateIps(
  { registry }: RequestScope,
  held: HeldResources,
  ranges: readonly IpRange[],
  spec: Spec,
  before: ServiceSpec | undefined,
  dryRun: boolean,
): Promise<void> {
  if (!needsIp(spec)) return;
  const already = new Set(ipsOf(before));
  const ips = [...(spec.clusterIPs ?? [])];
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const range = ranges.find((candidate) => candidate.family === family);
    const wanted = ips[index] ?? '';
    if (wanted !== '' && already.has(wanted)) continue;
    if (!range) throw refused(held.owner, [familyProblem(index, family)]);
    const result =
      wanted === ''
        ? await takeAnyIp(registry, range, held.owner, dryRun)
        : await takeIp(registry, range, wanted, held.owner, dryRun);
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

function familyProblem(index: number, family: string): FieldError {
  return invalid(SPEC.child('ipFamilies').index(index), family, 'not configured on this cluster');
}

async function allocatePorts(
  scope: RequestScope,
  held: HeldResources,
  spec: Spec,
  old: Service | undefined,
): Promise<void> {
  const ports = spec.ports ?? [];
  if (!needsNodePorts(spec) && !needsHealthPort(spec)) return;
  const own = new Set(old ? portsOf(old) : []);
  const pool = new NodePorts(await allServices(scope), held.reserved);
  const errors: FieldError[] = [];
  const chosen = new Map<string, number>();
  for (const [index, port] of ports.entries()) {
    const path = SPEC.child('ports').index(index).child('nodePort');
    const number = choosePort(port.nodePort, own, pool, scope, chosen.get(`${port.port}`));
    if (typeof number === 'string') errors.push(invalid(path, port.nodePort ?? 0, number));
    else if (needsNodePorts(spec)) {
      port.nodePort = number;
      if (!chosen.has(`${port.port}`)) held.ports.push(number);
      chosen.set(`${port.port}`, number);
    }
  }
  if (needsHealthPort(spec)) {
    const number = choosePort(spec.healthCheckNodePort, own, pool, scope, undefined);
    if (typeof number === 'string') {
      errors.push(invalid(SPEC.child('healthCheckNodePort'), spec.healthCheckNodePort ?? 0, number));
    } else {
      spec.healthCheckNodePort = number;
      held.ports.push(number);
    }
  }
  if (errors.length > 0) throw refused(held.owner, errors);
}

/** The port number, or what is wrong with the one asked for. The same port in TCP and UDP gets the same node port. */
function choosePort(
  wanted: number | undefined,
  own: ReadonlySet<number>,
  pool: NodePorts,
  { registry }: RequestScope,
  sibling: number | undefined,
): number | string {
  if (wanted) return own.has(wanted) || wanted === sibling ? wanted : (pool.take(wanted) ?? wanted);
  return sibling ?? pool.takeAny(registry.random) ?? 'range is full';
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
