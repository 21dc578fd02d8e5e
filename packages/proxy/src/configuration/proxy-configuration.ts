/**
 * The settings of kube-proxy in the form in which they are written down, with every field.
 *
 * Mirrors: staging/src/k8s.io/kube-proxy/config/v1alpha1/types.go and pkg/proxy/apis/config/v1alpha1/defaults.go (v1.36)
 */
import { isIPv6 } from 'node:net';

import { durationToMs } from '@kts/apimachinery';

export const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
export const KIND = 'KubeProxyConfiguration';

export const LOCAL_MODES = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'] as const;
/** Stands for the node's own addresses in `nodePortAddresses`. */
export const PRIMARY_ADDRESSES = 'primary';

/** Durations are Go's, such as `1m30s`. */
export interface ProxyConfiguration {
  readonly apiVersion: string;
  readonly kind: string;
  readonly bindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly clientConnection: {
    readonly acceptContentTypes: string;
    readonly burst: number;
    readonly contentType: string;
    readonly kubeconfig: string;
    readonly qps: number;
  };
  readonly clusterCIDR: string;
  readonly configSyncPeriod: string;
  readonly conntrack: ConntrackConfiguration;
  readonly detectLocal: { readonly bridgeInterface: string; readonly interfaceNamePrefix: string };
  readonly detectLocalMode: string;
  readonly enableProfiling: boolean;
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly healthzBindAddress: string;
  readonly hostnameOverride: string;
  readonly iptables: {
    readonly localhostNodePorts: boolean;
    readonly masqueradeAll: boolean;
    readonly masqueradeBit: number;
    readonly minSyncPeriod: string;
    readonly syncPeriod: string;
  };
  readonly ipvs: {
    readonly excludeCIDRs: readonly string[];
    readonly minSyncPeriod: string;
    readonly scheduler: string;
    readonly strictARP: boolean;
    readonly syncPeriod: string;
    readonly tcpFinTimeout: string;
    readonly tcpTimeout: string;
    readonly udpTimeout: string;
  };
  readonly logging: Readonly<Record<string, unknown>>;
  readonly metricsBindAddress: string;
  readonly mode: string;
  readonly nftables: {
    readonly masqueradeAll: boolean;
    readonly masqueradeBit: number;
    readonly minSyncPeriod: string;
    readonly syncPeriod: string;
  };
  /** Ranges of the node's addresses on which node ports answer, or only `primary`. */
  readonly nodePortAddresses: readonly string[];
  readonly oomScoreAdj: number;
  readonly portRange: string;
  readonly showHiddenMetricsForVersion: string;
  readonly windowsRunAsService: boolean;
  readonly winkernel: {
    readonly enableDSR: boolean;
    readonly forwardHealthCheckVip: boolean;
    readonly networkName: string;
    readonly rootHnsEndpointName: string;
    readonly sourceVip: string;
  };
}

export interface ConntrackConfiguration {
  /** Connections for each processor; 0: the kernel's own limit. */
  readonly maxPerCore: number;
  readonly min: number;
  readonly tcpBeLiberal: boolean;
  readonly tcpCloseWaitTimeout: string;
  readonly tcpEstablishedTimeout: string;
  readonly udpStreamTimeout: string;
  readonly udpTimeout: string;
}

/** What a field is that nobody has set, before `completeConfiguration`. */
export const EMPTY_CONFIGURATION: ProxyConfiguration = {
  apiVersion: API_VERSION,
  kind: KIND,
  bindAddress: '',
  bindAddressHardFail: false,
  clientConnection: { acceptContentTypes: '', burst: 0, contentType: '', kubeconfig: '', qps: 0 },
  clusterCIDR: '',
  configSyncPeriod: '0s',
  conntrack: {
    maxPerCore: 32_768,
    min: 131_072,
    tcpBeLiberal: false,
    tcpCloseWaitTimeout: '1h0m0s',
    tcpEstablishedTimeout: '24h0m0s',
    udpStreamTimeout: '0s',
    udpTimeout: '0s',
  },
  detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
  detectLocalMode: '',
  enableProfiling: false,
  featureGates: {},
  healthzBindAddress: '',
  hostnameOverride: '',
  iptables: {
    localhostNodePorts: true,
    masqueradeAll: false,
    masqueradeBit: 14,
    minSyncPeriod: '0s',
    syncPeriod: '0s',
  },
  ipvs: {
    excludeCIDRs: [],
    minSyncPeriod: '0s',
    scheduler: '',
    strictARP: false,
    syncPeriod: '0s',
    tcpFinTimeout: '0s',
    tcpTimeout: '0s',
    udpTimeout: '0s',
  },
  logging: {},
  metricsBindAddress: '',
  mode: '',
  nftables: { masqueradeAll: false, masqueradeBit: 14, minSyncPeriod: '0s', syncPeriod: '0s' },
  nodePortAddresses: [],
  oomScoreAdj: -999,
  portRange: '',
  showHiddenMetricsForVersion: '',
  windowsRunAsService: false,
  winkernel: {
    enableDSR: false,
    forwardHealthCheckVip: false,
    networkName: '',
    rootHnsEndpointName: '',
    sourceVip: '',
  },
};

export const HEALTHZ_PORT = 10_256;
export const METRICS_PORT = 10_249;

/** Fills in what follows from other fields, and what an empty value stands for. */
export function completeConfiguration(given: ProxyConfiguration): ProxyConfiguration {
  const bindAddress = given.bindAddress || '0.0.0.0';
  const [everywhere, here] = isIPv6(bindAddress) ? ['[::]', '[::1]'] : ['0.0.0.0', '127.0.0.1'];
  const period = (text: string, otherwise: string): string => (isZero(text) ? otherwise : text);
  const client = given.clientConnection;
  return {
    ...given,
    bindAddress,
    healthzBindAddress: withPort(given.healthzBindAddress || everywhere, HEALTHZ_PORT),
    metricsBindAddress: withPort(given.metricsBindAddress || here, METRICS_PORT),
    configSyncPeriod: period(given.configSyncPeriod, '15m0s'),
    clientConnection: {
      ...client,
      contentType: client.contentType || 'application/vnd.kubernetes.protobuf',
      qps: client.qps || 5,
      burst: client.burst || 10,
    },
    iptables: {
      ...given.iptables,
      syncPeriod: period(given.iptables.syncPeriod, '30s'),
      minSyncPeriod: period(given.iptables.minSyncPeriod, '1s'),
    },
    ipvs: { ...given.ipvs, syncPeriod: period(given.ipvs.syncPeriod, '30s') },
    nftables: {
      ...given.nftables,
      syncPeriod: period(given.nftables.syncPeriod, '30s'),
      minSyncPeriod: period(given.nftables.minSyncPeriod, '1s'),
    },
  };
}

function isZero(duration: string): boolean {
  try {
    return durationToMs(duration) === 0;
  } catch {
    return false;
  }
}

/** Text that is no address stays as it is, for validation to tell of. */
function withPort(text: string, port: number): string {
  if (isIPv6(text)) return `[${text}]:${port}`;
  return /^[\d.]+$|^\[[^\]]*\]$/.test(text) ? `${text}:${port}` : text;
}
