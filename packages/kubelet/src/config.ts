import type { Taint } from '@kts/api/types/core-v1';

/**
 * The kubelet's settings after decoding: KubeletConfiguration's fields under their own names, durations in
 * milliseconds, and the few flags that are not in that object.
 */
export interface KubeletConfig {
  readonly nodeName: string;
  /** `--node-ip`; absent: the machine's default address. */
  readonly nodeAddresses?: readonly string[];
  /** `--root-dir`. */
  readonly rootDirectory: string;
  readonly podLogsDir: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly registerNode: boolean;
  readonly registerWithTaints: readonly Taint[];
  readonly providerId?: string;
  readonly staticPodPath?: string;
  readonly address: string;
  readonly port: number;

  readonly clusterDomain: string;
  readonly clusterDNS: readonly string[];
  /** Path of the resolv.conf that pods inherit; empty: none. */
  readonly resolvConf: string;
  readonly podCIDR?: string;

  readonly cgroupRoot: string;
  readonly cgroupsPerQOS: boolean;
  readonly cpuCFSQuota: boolean;
  readonly cpuCFSQuotaPeriodMs: number;
  readonly podPidsLimit: number;
  readonly maxPods: number;
  readonly seccompDefault: boolean;
  readonly allowedUnsafeSysctls: readonly string[];
  /** Whether the kubelet's server shows the node's own log files. */
  readonly enableSystemLogHandler: boolean;
  readonly systemReserved: Readonly<Record<string, string>>;
  readonly kubeReserved: Readonly<Record<string, string>>;
  /** Signal to threshold, such as `memory.available` to `100Mi` or `10%`. */
  readonly evictionHard: Readonly<Record<string, string>>;
  readonly evictionSoft: Readonly<Record<string, string>>;
  /** Signal to duration, such as `1m30s`: every soft threshold has one. */
  readonly evictionSoftGracePeriod: Readonly<Record<string, string>>;
  readonly evictionMinimumReclaim: Readonly<Record<string, string>>;
  readonly evictionPressureTransitionPeriodMs: number;
  /** Seconds that a soft threshold leaves a pod at most. */
  readonly evictionMaxPodGracePeriod: number;
  readonly localStorageCapacityIsolation: boolean;
  /** `--protect-kernel-defaults` and the rest of what upstream sets on the host is not done here. */
  readonly singleProcessOOMKill: boolean;

  readonly serializeImagePulls: boolean;
  /** Pulls at a time over the node; absent: no limit (or one, if they are serialized). */
  readonly maxParallelImagePulls?: number;
  readonly imageGCHighThresholdPercent: number;
  readonly imageGCLowThresholdPercent: number;
  readonly imageMinimumGCAgeMs: number;
  /** Images that nothing has used for so long go in any case; 0: they do not. */
  readonly imageMaximumGCAgeMs: number;
  readonly nodeStatusMaxImages: number;
  readonly containerLogMaxSizeBytes: number;
  /** The one that is written to included; at least 2. */
  readonly containerLogMaxFiles: number;
  readonly containerLogMonitorIntervalMs: number;

  readonly syncFrequencyMs: number;
  readonly fileCheckFrequencyMs: number;
  readonly nodeStatusUpdateFrequencyMs: number;
  readonly nodeStatusReportFrequencyMs: number;
  readonly nodeLeaseDurationSeconds: number;
  readonly runtimeRequestTimeoutMs: number;
  /** The longest wait between restarts of a crashing container. */
  readonly maxContainerRestartPeriodMs: number;
}

/** Upstream's defaults (KubeletConfiguration v1beta1). */
export const DEFAULT_KUBELET_CONFIG: Omit<KubeletConfig, 'nodeName'> = {
  rootDirectory: '/var/lib/kubelet',
  podLogsDir: '/var/log/pods',
  nodeLabels: {},
  registerNode: true,
  registerWithTaints: [],
  address: '0.0.0.0',
  port: 10250,
  clusterDomain: '',
  clusterDNS: [],
  resolvConf: '/etc/resolv.conf',
  cgroupRoot: '/',
  cgroupsPerQOS: true,
  cpuCFSQuota: true,
  cpuCFSQuotaPeriodMs: 100,
  podPidsLimit: -1,
  maxPods: 110,
  seccompDefault: false,
  allowedUnsafeSysctls: [],
  enableSystemLogHandler: true,
  systemReserved: {},
  kubeReserved: {},
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '5%',
    'imagefs.available': '15%',
    'imagefs.inodesFree': '5%',
  },
  evictionSoft: {},
  evictionSoftGracePeriod: {},
  evictionMinimumReclaim: {},
  evictionPressureTransitionPeriodMs: 300_000,
  evictionMaxPodGracePeriod: 0,
  localStorageCapacityIsolation: true,
  singleProcessOOMKill: false,
  serializeImagePulls: true,
  imageGCHighThresholdPercent: 85,
  imageGCLowThresholdPercent: 80,
  imageMinimumGCAgeMs: 120_000,
  imageMaximumGCAgeMs: 0,
  nodeStatusMaxImages: 50,
  containerLogMaxSizeBytes: 10 * 1024 * 1024,
  containerLogMaxFiles: 5,
  containerLogMonitorIntervalMs: 10_000,
  syncFrequencyMs: 60_000,
  fileCheckFrequencyMs: 20_000,
  nodeStatusUpdateFrequencyMs: 10_000,
  nodeStatusReportFrequencyMs: 300_000,
  nodeLeaseDurationSeconds: 40,
  runtimeRequestTimeoutMs: 120_000,
  maxContainerRestartPeriodMs: 300_000,
};
