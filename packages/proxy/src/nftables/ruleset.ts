/**
 * Service routes as the content of one nftables table. Pure; nft-transaction.ts turns differences into commands.
 *
 * Mirrors: pkg/proxy/nftables/proxier.go (v1.36): the table's name, its maps and the mark bit, which other software on a
 * node looks for.
 */
import { createHash } from 'node:crypto';

import type { NodeTraffic } from '../node-traffic.ts';
import type { Backend, IpFamily, ServiceRoute } from '../service-routes.ts';

export const TABLE = 'kube-proxy';
/** The bit of the mark that is set on connections that leave with the node's address. */
const MASQUERADE_BIT = 14;

/** A set or map: its declaration, and the elements that the proxy puts there (not those that rules add at run time). */
export interface NftSet {
  readonly kind: 'set' | 'map';
  readonly declaration: string;
  /** Key to value (of a set: to the empty string). */
  readonly elements: ReadonlyMap<string, string>;
}

export interface Ruleset {
  readonly family: IpFamily;
  readonly sets: ReadonlyMap<string, NftSet>;
  /** Chain name to its declaration (empty for a regular chain) and rules. */
  readonly chains: ReadonlyMap<string, { readonly hook: string; readonly rules: readonly string[] }>;
}

export interface RulesetOptions {
  readonly family: IpFamily;
  /** 0 to 31. */
  readonly masqueradeBit?: number;
  /** Connections to cluster IPs always leave with the node's address; otherwise only those that do not come from pods. */
  readonly masqueradeAll?: boolean;
}

export function computeRuleset(
  routes: readonly ServiceRoute[],
  options: RulesetOptions,
  traffic: NodeTraffic,
): Ruleset {
  const builder = new RulesetBuilder(options, traffic);
  for (const route of routes) builder.add(route);
  return builder.build();
}

class RulesetBuilder {
  readonly #options: RulesetOptions;
  readonly #traffic: NodeTraffic;
  readonly #mark: string;
  readonly #ip: 'ip' | 'ip6';
  readonly #addressType: string;
  readonly #serviceIPs = new Map<string, string>();
  readonly #nodePorts = new Map<string, string>();
  readonly #withoutEndpoints = new Map<string, string>();
  readonly #nodePortsWithoutEndpoints = new Map<string, string>();
  readonly #clusterIPs = new Map<string, string>();
  readonly #hairpins = new Map<string, string>();
  readonly #sets = new Map<string, NftSet>();
  readonly #chains = new Map<string, { hook: string; rules: readonly string[] }>();

  constructor(options: RulesetOptions, traffic: NodeTraffic) {
    this.#options = options;
    this.#traffic = traffic;
    this.#mark = `0x${(2 ** (options.masqueradeBit ?? MASQUERADE_BIT)).toString(16)}`;
    this.#ip = options.family === 'IPv4' ? 'ip' : 'ip6';
    this.#addressType = options.family === 'IPv4' ? 'ipv4_addr' : 'ipv6_addr';
  }

  add(route: ServiceRoute): void {
    const protocol = route.protocol.toLowerCase();
    const key = (ip: string): string => `${ip} . ${protocol} . ${route.port}`;
    this.#clusterIPs.set(route.clusterIP, '');

    if (route.clusterBackends.length > 0) {
      const chain = chainName('service', route);
      this.#serviceIPs.set(key(route.clusterIP), `goto ${chain}`);
      this.#chain(chain, [...this.#masqueradeFromOutside(route), ...this.#dispatch(route, route.clusterBackends)]);
    } else this.#withoutEndpoints.set(key(route.clusterIP), refusal(route));

    const outside = [...route.externalIPs, ...route.loadBalancerIPs];
    if (outside.length === 0 && route.nodePort === 0) return;
    if (route.externalBackends.length === 0) {
      // With policy Local this is for clients outside of the cluster: nothing has given their packets another target.
      for (const ip of outside) this.#withoutEndpoints.set(key(ip), refusal(route));
      if (route.nodePort) this.#nodePortsWithoutEndpoints.set(`${protocol} . ${route.nodePort}`, refusal(route));
    }
    if (!route.hasAnyBackend) return;
    const external = chainName('external', route);
    for (const ip of outside) {
      const isFiltered = route.sourceRanges.length > 0 && route.loadBalancerIPs.includes(ip);
      this.#serviceIPs.set(key(ip), `goto ${isFiltered ? chainName('firewall', route) : external}`);
    }
    if (route.nodePort) this.#nodePorts.set(`${protocol} . ${route.nodePort}`, `goto ${external}`);
    this.#chain(external, [
      ...(route.keepsClientAddress ? this.#shortcuts(route) : ['jump mark-for-masquerade']),
      ...(route.externalBackends.length > 0 ? this.#dispatch(route, route.externalBackends) : []),
    ]);
    if (route.sourceRanges.length > 0) {
      const ranges = route.sourceRanges.join(', ');
      this.#chain(chainName('firewall', route), [`${this.#ip} saddr != { ${ranges} } drop`, `goto ${external}`]);
    }
  }

  build(): Ruleset {
    this.#addTableSets();
    this.#addBaseChains();
    return { family: this.#options.family, sets: this.#sets, chains: this.#chains };
  }

  #chain(name: string, rules: readonly string[], hook = ''): void {
    this.#chains.set(name, { hook, rules });
  }

  /** Connections from outside the pod network reach a pod with the node's address, so that answers come back here. */
  #masqueradeFromOutside(route: ServiceRoute): readonly string[] {
    const toService = `${this.#ip} daddr ${route.clusterIP}`;
    if (this.#options.masqueradeAll) return [`${toService} jump mark-for-masquerade`];
    const fromElsewhere = this.#podMatch('!= ');
    return fromElsewhere === undefined ? [] : [`${toService} ${fromElsewhere} jump mark-for-masquerade`];
  }

  /** What comes from this node or its pods goes to any endpoint, as if it went out to the load balancer and came back. */
  #shortcuts(route: ServiceRoute): readonly string[] {
    const inside = chainName('inside', route);
    this.#chain(inside, this.#dispatch(route, route.insideBackends));
    const fromPods = this.#podMatch('');
    return [
      ...(fromPods === undefined ? [] : [`${fromPods} goto ${inside}`]),
      'fib saddr type local jump mark-for-masquerade',
      `fib saddr type local goto ${inside}`,
    ];
  }

  #podMatch(not: '' | '!= '): string | undefined {
    const { fromPods } = this.#traffic;
    if (!fromPods) return undefined;
    if (fromPods.by === 'interface') return `iifname ${not}"${fromPods.name}"`;
    return `${this.#ip} saddr ${not}{ ${fromPods.ranges.join(', ')} }`;
  }

  /** The node's own addresses on which node ports answer; never the loopback interface's. */
  #nodePortMatch(): string {
    const loopback = this.#ip === 'ip' ? 'ip daddr != 127.0.0.0/8' : 'ip6 daddr != ::1';
    const { nodePortRanges } = this.#traffic;
    const ranges = nodePortRanges.length === 0 ? '' : `${this.#ip} daddr { ${nodePortRanges.join(', ')} } `;
    return `${loopback} ${ranges}fib daddr type local`;
  }

  /** The choice of an endpoint: the client's last one if it has affinity, else one at random. */
  #dispatch(route: ServiceRoute, backends: readonly Backend[]): readonly string[] {
    for (const { ip } of backends) this.#hairpins.set(`${ip} . ${ip}`, '');
    const protocol = `meta l4proto ${route.protocol.toLowerCase()}`;
    if (route.affinitySeconds === 0) {
      const choices = backends.map(({ ip, port }, index) => `${index} : ${ip} . ${port}`).join(', ');
      return [`${protocol} dnat ${this.#ip} to numgen random mod ${backends.length} map { ${choices} }`];
    }
    const chains = backends.map((backend) => {
      const chain = endpointChainName(route, backend);
      this.#sets.set(affinitySetName(route, backend), {
        kind: 'set',
        declaration: `type ${this.#addressType}; flags dynamic,timeout; timeout ${route.affinitySeconds}s;`,
        elements: new Map(),
      });
      const target = this.#ip === 'ip6' ? `[${backend.ip}]:${backend.port}` : `${backend.ip}:${backend.port}`;
      this.#chain(chain, [
        `update @${affinitySetName(route, backend)} { ${this.#ip} saddr }`,
        `${protocol} dnat ${this.#ip} to ${target}`,
      ]);
      return chain;
    });
    return [
      ...backends.map(
        (backend, index) => `${this.#ip} saddr @${affinitySetName(route, backend)} goto ${chains[index]}`,
      ),
      `numgen random mod ${chains.length} vmap { ${chains.map((chain, index) => `${index} : goto ${chain}`).join(', ')} }`,
    ];
  }

  #addTableSets(): void {
    const serviceKey = `${this.#addressType} . inet_proto . inet_service`;
    const table: readonly [string, 'set' | 'map', string, ReadonlyMap<string, string>][] = [
      ['cluster-ips', 'set', `type ${this.#addressType};`, this.#clusterIPs],
      ['hairpin-connections', 'set', `type ${this.#addressType} . ${this.#addressType};`, this.#hairpins],
      ['service-ips', 'map', `type ${serviceKey} : verdict;`, this.#serviceIPs],
      ['service-nodeports', 'map', 'type inet_proto . inet_service : verdict;', this.#nodePorts],
      ['no-endpoint-services', 'map', `type ${serviceKey} : verdict;`, this.#withoutEndpoints],
      ['no-endpoint-nodeports', 'map', 'type inet_proto . inet_service : verdict;', this.#nodePortsWithoutEndpoints],
    ];
    for (const [name, kind, declaration, elements] of table) this.#sets.set(name, { kind, declaration, elements });
  }

  #addBaseChains(): void {
    const nodePort = this.#nodePortMatch();
    this.#chain('mark-for-masquerade', [`meta mark set meta mark or ${this.#mark}`]);
    this.#chain('reject-chain', ['reject']);
    this.#chain('services', [
      `${this.#ip} daddr . meta l4proto . th dport vmap @service-ips`,
      `${nodePort} meta l4proto . th dport vmap @service-nodeports`,
    ]);
    this.#chain('endpoints-check', [
      `${this.#ip} daddr . meta l4proto . th dport vmap @no-endpoint-services`,
      `${nodePort} meta l4proto . th dport vmap @no-endpoint-nodeports`,
    ]);
    // A packet for a cluster IP that no rule has taken has nowhere to go: it ends here rather than wander.
    this.#chain('cluster-ips-check', [
      `${this.#ip} daddr @cluster-ips reject`,
      ...this.#traffic.serviceRanges.map((range) => `${this.#ip} daddr ${range} drop`),
    ]);
    const newOnly = 'ct state new jump';
    this.#chain('nat-prerouting', ['jump services'], 'type nat hook prerouting priority -100; policy accept;');
    this.#chain('nat-output', ['jump services'], 'type nat hook output priority -100; policy accept;');
    this.#chain(
      'nat-postrouting',
      [
        `${this.#ip} saddr . ${this.#ip} daddr @hairpin-connections masquerade fully-random`,
        `meta mark & ${this.#mark} == 0 return`,
        `meta mark set meta mark xor ${this.#mark}`,
        'masquerade fully-random',
      ],
      'type nat hook postrouting priority 100; policy accept;',
    );
    this.#chain('filter-input', [`${newOnly} endpoints-check`], 'type filter hook input priority 0; policy accept;');
    for (const hook of ['forward', 'output']) {
      this.#chain(
        `filter-${hook}`,
        [`${newOnly} endpoints-check`, `${newOnly} cluster-ips-check`],
        `type filter hook ${hook} priority 0; policy accept;`,
      );
    }
  }
}

/** Without any endpoint a connection is refused; if only this node has none (policy Local), it is dropped. */
function refusal(route: ServiceRoute): string {
  return route.hasAnyBackend ? 'drop' : 'goto reject-chain';
}

/** Readable, unique by its hash, and within nftables' 127 letters. */
function chainName(prefix: string, route: ServiceRoute): string {
  return name(prefix, route.id, `${route.namespace}/${route.name}/${route.protocol.toLowerCase()}/${route.portName}`);
}

function endpointChainName(route: ServiceRoute, backend: Backend): string {
  return name('endpoint', `${route.id} ${backend.ip} ${backend.port}`, endpointText(route, backend));
}

function affinitySetName(route: ServiceRoute, backend: Backend): string {
  // The time limit is part of the identity: a set's timeout cannot be changed.
  const id = `${route.id} ${backend.ip} ${backend.port} ${route.affinitySeconds}`;
  return name('affinity', id, endpointText(route, backend));
}

function endpointText(route: ServiceRoute, backend: Backend): string {
  const address = `${backend.ip.replaceAll(':', '.')}/${backend.port}`;
  return `${route.namespace}/${route.name}/${route.protocol.toLowerCase()}/${route.portName}__${address}`;
}

const NAME_LETTERS_MAX = 120;

function name(prefix: string, id: string, text: string): string {
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8).toUpperCase();
  return `${prefix}-${hash}-${text}`.slice(0, NAME_LETTERS_MAX);
}
