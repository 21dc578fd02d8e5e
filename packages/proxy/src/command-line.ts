import { parseFlags } from '@kts/base';

import {
  completeConfiguration,
  EMPTY_CONFIGURATION,
  type ProxyConfiguration,
} from './configuration/proxy-configuration.ts';

export const USAGE = `Makes Services reachable on this node.

Usage: kube-proxy [flags]

  --config FILE                a KubeProxyConfiguration; all other settings are then ignored, but for --hostname-override
  --write-config-to FILE       writes the settings there and exits
  --kubeconfig FILE            how to reach the API server
  --hostname-override NAME     the node's name (default: this machine's)
  --bind-address ADDRESS       the node's own address, instead of what its Node says
  --proxy-mode nftables        the only mode there is
  --masquerade-all             all connections to cluster addresses leave with the node's address
  --detect-local-mode MODE     which packets are pods': ClusterCIDR (default), NodeCIDR, BridgeInterface, InterfaceNamePrefix
  --cluster-cidr CIDR          pod addresses, comma separated by IP family; for ClusterCIDR
  --pod-bridge-interface NAME  for BridgeInterface
  --pod-interface-name-prefix PREFIX  for InterfaceNamePrefix
  --nodeport-addresses LIST    where node ports answer: ranges of node addresses, or primary (default)
  --healthz-bind-address A:P   /healthz and /livez (default 0.0.0.0:10256)
  --metrics-bind-address A:P   /metrics, /proxyMode and /configz (default 127.0.0.1:10249)
  --conntrack-max-per-core N   connections that the kernel tracks, by processor (default 32768; 0: as it is)
  --conntrack-min N            and at least these (default 131072)
  --conntrack-tcp-timeout-established DURATION  (default 24h; 0: as it is)
  --conntrack-tcp-timeout-close-wait DURATION   (default 1h)
  --conntrack-tcp-be-liberal   takes packets outside of their window
  --conntrack-udp-timeout DURATION, --conntrack-udp-timeout-stream DURATION  (default: as they are)
  --config-sync-period DURATION  known, makes no difference
  --cleanup                    removes all rules and exits
  -v, --v LEVEL                how much to log (default 0)
`;

/** The flags of kube-proxy that this one has. */
export interface ProxyFlags {
  readonly help: boolean;
  readonly verbosity: number;
  readonly cleanUp: boolean;
  readonly configFile?: string;
  readonly writeConfigTo?: string;
  readonly hostnameOverride?: string;
  /** What the flags say without a file. */
  readonly configuration: ProxyConfiguration;
}

/** Throws for unknown flags and values of another type. */
export function parseProxyFlags(args: readonly string[]): ProxyFlags {
  const values = parseFlags(args, {
    config: { type: 'string' },
    'write-config-to': { type: 'string' },
    kubeconfig: { type: 'string' },
    'hostname-override': { type: 'string' },
    'bind-address': { type: 'string' },
    'proxy-mode': { type: 'string' },
    'masquerade-all': { type: 'switch' },
    'detect-local-mode': { type: 'string' },
    'cluster-cidr': { type: 'list' },
    'pod-bridge-interface': { type: 'string' },
    'pod-interface-name-prefix': { type: 'string' },
    'nodeport-addresses': { type: 'list' },
    'healthz-bind-address': { type: 'string' },
    'metrics-bind-address': { type: 'string' },
    'conntrack-max-per-core': { type: 'number' },
    'conntrack-min': { type: 'number' },
    'conntrack-tcp-timeout-established': { type: 'string' },
    'conntrack-tcp-timeout-close-wait': { type: 'string' },
    'conntrack-tcp-be-liberal': { type: 'switch' },
    'conntrack-udp-timeout': { type: 'string' },
    'conntrack-udp-timeout-stream': { type: 'string' },
    'config-sync-period': { type: 'string' },
    cleanup: { type: 'switch' },
    v: { type: 'number', short: 'v' },
    help: { type: 'switch', short: 'h' },
  });
  const { config, 'write-config-to': writeConfigTo, 'hostname-override': hostname } = values;
  if (hostname !== undefined && hostname !== '' && hostname.trim() === '') {
    throw new Error('empty hostname-override is invalid');
  }
  const hostnameOverride = hostname?.trim().toLowerCase();
  const none = EMPTY_CONFIGURATION;
  return {
    help: values.help ?? false,
    verbosity: values.v ?? 0,
    cleanUp: values.cleanup ?? false,
    ...(config === undefined ? {} : { configFile: config }),
    ...(writeConfigTo === undefined ? {} : { writeConfigTo }),
    ...(hostnameOverride ? { hostnameOverride } : {}),
    configuration: completeConfiguration({
      ...none,
      bindAddress: values['bind-address'] ?? none.bindAddress,
      clientConnection: { ...none.clientConnection, kubeconfig: values.kubeconfig ?? '' },
      clusterCIDR: values['cluster-cidr']?.join(',') ?? none.clusterCIDR,
      configSyncPeriod: values['config-sync-period'] ?? none.configSyncPeriod,
      conntrack: {
        maxPerCore: values['conntrack-max-per-core'] ?? none.conntrack.maxPerCore,
        min: values['conntrack-min'] ?? none.conntrack.min,
        tcpBeLiberal: values['conntrack-tcp-be-liberal'] ?? none.conntrack.tcpBeLiberal,
        tcpCloseWaitTimeout: values['conntrack-tcp-timeout-close-wait'] ?? none.conntrack.tcpCloseWaitTimeout,
        tcpEstablishedTimeout: values['conntrack-tcp-timeout-established'] ?? none.conntrack.tcpEstablishedTimeout,
        udpStreamTimeout: values['conntrack-udp-timeout-stream'] ?? none.conntrack.udpStreamTimeout,
        udpTimeout: values['conntrack-udp-timeout'] ?? none.conntrack.udpTimeout,
      },
      detectLocal: {
        bridgeInterface: values['pod-bridge-interface'] ?? '',
        interfaceNamePrefix: values['pod-interface-name-prefix'] ?? '',
      },
      detectLocalMode: values['detect-local-mode'] ?? none.detectLocalMode,
      healthzBindAddress: values['healthz-bind-address'] ?? none.healthzBindAddress,
      hostnameOverride: hostnameOverride ?? '',
      metricsBindAddress: values['metrics-bind-address'] ?? none.metricsBindAddress,
      mode: values['proxy-mode'] ?? none.mode,
      nftables: { ...none.nftables, masqueradeAll: values['masquerade-all'] ?? none.nftables.masqueradeAll },
      nodePortAddresses: values['nodeport-addresses'] ?? none.nodePortAddresses,
    }),
  };
}
