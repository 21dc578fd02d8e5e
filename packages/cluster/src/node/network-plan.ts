/**
 * The network of a cluster's real nodes on one machine. Every node is a network namespace on one bridge; the bridge has
 * no uplink and nodes have no default route, so a packet for a pod or Service address can never leave the machine.
 *
 *   host ── bridge (.1) ──┬── node 1 (.11) ── cni0 ── pods 10.244.0.0/24
 *                         └── node 2 (.12) ── cni0 ── pods 10.244.1.0/24
 *
 * Pure: computes names, addresses and the commands of `ip`; network.ts runs them.
 */

export interface ClusterNetworkConfig {
  readonly clusterName: string;
  /** 0 to 255; tells side-by-side clusters apart. Each has the link network 10.245.<slot>.0/24. */
  readonly slot: number;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly nodes: number;
}

export interface NodeNetwork {
  readonly index: number;
  /** Name of the network namespace, under /run/netns. */
  readonly namespace: string;
  readonly namespacePath: string;
  readonly address: string;
  readonly podCidr: string;
  readonly hostInterface: string;
}

export interface ClusterNetwork {
  readonly bridge: string;
  /** The machine's own address on the bridge: where nodes and pods find the API server and the DNS server. */
  readonly hostAddress: string;
  readonly nodes: readonly NodeNetwork[];
}

/** Addresses .11 to .250 of the link network. */
export const NODES_MAX = 240;
const POD_CIDR_BITS = 24;

export function planClusterNetwork(config: ClusterNetworkConfig): ClusterNetwork {
  const nodes = Array.from({ length: config.nodes }, (_, index) => ({
    index,
    namespace: `kts-${config.clusterName}-${index + 1}`,
    namespacePath: `/run/netns/kts-${config.clusterName}-${index + 1}`,
    address: `10.245.${config.slot}.${11 + index}`,
    podCidr: subnet(config.clusterCidr, POD_CIDR_BITS, index),
    hostInterface: `kts${config.slot}n${index + 1}`,
  }));
  return { bridge: bridgeName(config.slot), hostAddress: `10.245.${config.slot}.1`, nodes };
}

export function bridgeName(slot: number): string {
  return `ktsbr${slot}`;
}

/** Those of the machine's named network namespaces that are a cluster's nodes. */
export function clusterNamespaces(clusterName: string, names: readonly string[]): readonly string[] {
  const prefix = `kts-${clusterName}-`;
  return names.filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
}

/** Lines for `ip -batch` that bring up the bridge, which is there already. */
export function bridgeCommands(network: ClusterNetwork): readonly string[] {
  return [`addr add ${network.hostAddress}/24 dev ${network.bridge}`, `link set ${network.bridge} up`];
}

/**
 * Lines for `ip -batch` that join a node, whose namespace exists, to the bridge. An interface of that name is what a
 * killed or just stopped cluster has left (the kernel takes its time): it goes first, and its other end with it.
 */
export function nodeHostCommands(network: ClusterNetwork, node: NodeNetwork): readonly string[] {
  return [
    `link delete ${node.hostInterface}`,
    `link add ${node.hostInterface} type veth peer name eth0 netns ${node.namespace}`,
    `link set ${node.hostInterface} master ${network.bridge}`,
    `link set ${node.hostInterface} up`,
  ];
}

/** Lines for `ip -batch` inside the node. The route of the Service range only makes such packets exist: the proxy rewrites them. */
export function nodeInnerCommands(network: ClusterNetwork, node: NodeNetwork, serviceCidr: string): readonly string[] {
  return [
    `link set lo up`,
    `addr add ${node.address}/24 dev eth0`,
    `link set eth0 up`,
    `route add ${serviceCidr} dev eth0`,
    ...network.nodes
      .filter((other) => other !== node)
      .map((other) => `route add ${other.podCidr} via ${other.address}`),
  ];
}

/** What leaves a node for the bridge and is not for another pod gets the node's address: the host has no route to pods. */
export function masqueradeRules(clusterCidr: string): string {
  return [
    'table ip kts-node',
    'delete table ip kts-node',
    'table ip kts-node {',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat - 1; policy accept;',
    `    oifname "eth0" ip saddr ${clusterCidr} ip daddr != ${clusterCidr} masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The `index`th subnet of `bits` bits within an IPv4 range. Throws RangeError if the range is too small or malformed. */
export function subnet(cidr: string, bits: number, index: number): string {
  const [base = '', length = ''] = cidr.split('/');
  const outer = Number(length);
  const parts = base.split('.').map(Number);
  const wellFormed = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  if (!wellFormed || !(outer >= 8 && outer <= bits))
    throw new RangeError(`${cidr} is not an IPv4 range of at most /${bits}`);
  if (index >= 2 ** (bits - outer))
    throw new RangeError(`${cidr} has no room for ${index + 1} nodes with a /${bits} each`);
  const start = parts.reduce((value, part) => value * 256 + part, 0);
  const address = start + index * 2 ** (32 - bits);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${bits}`;
}
