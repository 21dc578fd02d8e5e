/**
 * The flags of the controller manager, with upstream's names and defaults.
 *
 * Mirrors: cmd/kube-controller-manager/app/options, staging/src/k8s.io/component-base (v1.36)
 */
import { DurationError, parseDuration } from '@kts/apimachinery';

import type { ControllerManagerConfig } from './controller-manager-config.ts';

export type Setting = (text: string) => Partial<ControllerManagerConfig>;

export interface Flag {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  /** Where the flag is a setting; others are read by name. */
  readonly set?: Setting;
}

/** A command line that makes no sense; the message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Field = keyof ControllerManagerConfig;

const time = (name: string, field: Field, help: string): Flag => ({
  name,
  value: 'TIME',
  help,
  set: (text) => ({ [field]: durationMs(text) }),
});
const number = (name: string, field: Field, help: string): Flag => ({
  name,
  value: 'N',
  help,
  set: (text) => ({ [field]: finiteNumber(text) }),
});
const list = (name: string, field: Field, help: string): Flag => ({
  name,
  value: 'LIST',
  help,
  set: (text) => ({ [field]: text.split(',').filter(Boolean) }),
});
const flag = (name: string, field: Field, help: string): Flag => ({
  name,
  value: 'BOOL',
  help,
  set: (text) => ({ [field]: booleanValue(text) }),
});
const plain = (name: string, value: string, help: string): Flag => ({ name, value, help });

/** Which signer's files `--cluster-signing-<part>-cert-file` and `...-key-file` name. */
export const SIGNER_FLAGS = {
  'kubelet-serving': 'kubernetes.io/kubelet-serving',
  'kubelet-client': 'kubernetes.io/kube-apiserver-client-kubelet',
  'kube-apiserver-client': 'kubernetes.io/kube-apiserver-client',
  'legacy-unknown': 'kubernetes.io/legacy-unknown',
} as const;

/** Whose workers `--<flag>` counts. */
export const CONCURRENCY_FLAGS: Readonly<Record<string, string>> = {
  'concurrent-cron-job-syncs': 'cronjob-controller',
  'concurrent-daemonset-syncs': 'daemonset-controller',
  'concurrent-deployment-syncs': 'deployment-controller',
  'concurrent-device-taint-eviction-syncs': 'device-taint-eviction-controller',
  'concurrent-endpoint-syncs': 'endpoints-controller',
  'concurrent-ephemeralvolume-syncs': 'ephemeral-volume-controller',
  'concurrent-horizontal-pod-autoscaler-syncs': 'horizontal-pod-autoscaler-controller',
  'concurrent-job-syncs': 'job-controller',
  'concurrent-namespace-syncs': 'namespace-controller',
  'concurrent-rc-syncs': 'replicationcontroller-controller',
  'concurrent-replicaset-syncs': 'replicaset-controller',
  'concurrent-resource-quota-syncs': 'resourcequota-controller',
  'concurrent-resourceclaim-syncs': 'resourceclaim-controller',
  'concurrent-service-endpoint-syncs': 'endpointslice-controller',
  'concurrent-serviceaccount-token-syncs': 'serviceaccount-token-controller',
  'concurrent-statefulset-syncs': 'statefulset-controller',
  'concurrent-ttl-after-finished-syncs': 'ttl-after-finished-controller',
  'concurrent-validating-admission-policy-status-syncs': 'validatingadmissionpolicy-status-controller',
  'mirroring-concurrent-service-endpoint-syncs': 'endpointslice-mirroring-controller',
};

const HPA = 'horizontal-pod-autoscaler';

export const FLAGS: readonly Flag[] = [
  plain('kubeconfig', 'FILE', 'how to reach the API server'),
  list('controllers', 'controllers', "'*' for all that are on by default, 'foo' to switch one on, '-foo' off [*]"),
  plain('leader-elect', 'BOOL', 'only one of several copies works [true]'),
  plain('leader-elect-lease-duration', 'TIME', 'how long others wait for a leader that is silent [15s]'),
  plain('leader-elect-renew-deadline', 'TIME', 'how long a leader tries to renew before it stops [10s]'),
  plain('leader-elect-retry-period', 'TIME', 'between tries to become or stay the leader [2s]'),
  plain('leader-elect-resource-name', 'NAME', 'of the lease [kube-controller-manager]'),
  plain('leader-elect-resource-namespace', 'NAME', 'of the lease [kube-system]'),
  plain('bind-address', 'ADDRESS', 'where health and metrics are served [0.0.0.0]'),
  plain('secure-port', 'N', 'the port of that; 0: not at all [10257]'),
  plain('tls-cert-file', 'FILE', 'certificate of that port [a new one]'),
  plain('tls-private-key-file', 'FILE', 'the key to it'),
  plain('client-ca-file', 'FILE', "whose client certificates are believed [the cluster's]"),
  plain('authorization-always-allow-paths', 'LIST', 'what everybody may read there [/healthz,/readyz,/livez]'),
  plain('root-ca-file', 'FILE', 'certificate that pods verify the API server with'),
  plain('service-account-private-key-file', 'FILE', 'key that signs tokens in Secrets'),
  plain('cluster-signing-cert-file', 'FILE', 'certificate that signs certificates of the cluster'),
  plain('cluster-signing-key-file', 'FILE', 'the key to it'),
  ...Object.entries(SIGNER_FLAGS).flatMap(([part, signer]) => [
    plain(`cluster-signing-${part}-cert-file`, 'FILE', `certificate that signs for ${signer} alone`),
    plain(`cluster-signing-${part}-key-file`, 'FILE', 'the key to it'),
  ]),
  time('cluster-signing-duration', 'clusterSigningDurationMs', 'how long certificates are valid at most [8760h]'),
  flag('allocate-node-cidrs', 'allocateNodeCIDRs', 'give every node a pod range [false]'),
  list('cluster-cidr', 'clusterCIDRs', 'ranges that node ranges are taken of'),
  list('service-cluster-ip-range', 'serviceCIDRs', 'ranges of Services, which node ranges keep out of'),
  {
    ...number('node-cidr-mask-size', 'nodeCIDRMaskSizeIPv4', 'size of node ranges [24, or 64 for IPv6]'),
    set: (text) => ({ nodeCIDRMaskSizeIPv4: finiteNumber(text), nodeCIDRMaskSizeIPv6: finiteNumber(text) }),
  },
  number('node-cidr-mask-size-ipv4', 'nodeCIDRMaskSizeIPv4', 'size of IPv4 node ranges [24]'),
  number('node-cidr-mask-size-ipv6', 'nodeCIDRMaskSizeIPv6', 'size of IPv6 node ranges [64]'),
  time('node-monitor-period', 'nodeMonitorPeriodMs', 'how often nodes are looked at [5s]'),
  time('node-monitor-grace-period', 'nodeMonitorGracePeriodMs', 'how long a node may be silent [50s]'),
  time('node-startup-grace-period', 'nodeStartupGracePeriodMs', 'how long a new node may be silent [1m]'),
  number('node-eviction-rate', 'nodeEvictionRate', 'evictions a second in a healthy zone [0.1]'),
  number('secondary-node-eviction-rate', 'secondaryNodeEvictionRate', 'the same in an unhealthy zone [0.01]'),
  number('unhealthy-zone-threshold', 'unhealthyZoneThreshold', 'part of nodes that make a zone unhealthy [0.55]'),
  number('large-cluster-size-threshold', 'largeClusterSizeThreshold', 'nodes from which a zone counts as large [50]'),
  time(`${HPA}-sync-period`, 'horizontalPodAutoscalerSyncPeriodMs', 'how often autoscalers look [15s]'),
  time(
    `${HPA}-downscale-stabilization`,
    'horizontalPodAutoscalerDownscaleStabilizationMs',
    'how long they wait before they scale down [5m]',
  ),
  number(`${HPA}-tolerance`, 'horizontalPodAutoscalerTolerance', 'how far off a target nothing is done [0.1]'),
  time(
    `${HPA}-cpu-initialization-period`,
    'horizontalPodAutoscalerCpuInitializationPeriodMs',
    'how long a new pod may burn CPU [5m]',
  ),
  time(
    `${HPA}-initial-readiness-delay`,
    'horizontalPodAutoscalerInitialReadinessDelayMs',
    'how long changes of readiness count as its first [30s]',
  ),
  time('pvclaimbinder-sync-period', 'pvClaimBinderSyncPeriodMs', 'how often volumes and claims are looked at [15s]'),
  flag('disable-force-detach-on-timeout', 'disableForceDetachOnTimeout', 'never take mounted volumes away [false]'),
  time('resource-quota-sync-period', 'resourceQuotaSyncPeriodMs', 'how often quotas are counted again [5m]'),
  number('terminated-pod-gc-threshold', 'terminatedPodGCThreshold', 'ended pods above that are deleted [12500]'),
  number('max-endpoints-per-slice', 'maxEndpointsPerSlice', 'endpoints in one EndpointSlice [100]'),
  number('mirroring-max-endpoints-per-subset', 'mirroringMaxEndpointsPerSubset', 'the same of mirrored ones [1000]'),
  time(
    'endpoint-updates-batch-period',
    'endpointUpdatesBatchPeriodMs',
    'how long changes of Endpoints are gathered [0s]',
  ),
  time(
    'endpointslice-updates-batch-period',
    'endpointSliceUpdatesBatchPeriodMs',
    'how long changes of EndpointSlices are gathered [0s]',
  ),
  time(
    'legacy-service-account-token-clean-up-period',
    'legacyServiceAccountTokenCleanUpPeriodMs',
    'unused tokens older than that are deleted [8760h]',
  ),
  ...Object.entries(CONCURRENCY_FLAGS).map(([name, controller]) => plain(name, 'N', `workers of ${controller}`)),
  plain('v', 'N', 'how much is logged [0]'),
];

/** Flags of upstream that say something about upstream's own ways: taken, and without effect. */
export const WITHOUT_EFFECT: readonly string[] = [
  'allow-metric-labels',
  'allow-metric-labels-manifest',
  'allow-untagged-cloud',
  'attach-detach-reconcile-sync-period',
  'authentication-kubeconfig',
  'authentication-skip-lookup',
  'authentication-token-webhook-cache-ttl',
  'authentication-tolerate-lookup-failure',
  'authorization-kubeconfig',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
  'cert-dir',
  'cidr-allocator-type',
  'cloud-config',
  'cloud-provider',
  'cluster-name',
  'concurrent-gc-syncs',
  'concurrent-service-syncs',
  'configure-cloud-routes',
  'contention-profiling',
  'controller-start-interval',
  'disable-attach-detach-reconcile-sync',
  'disable-http2-serving',
  'disabled-metrics',
  'emulated-version',
  'enable-dynamic-provisioning',
  'enable-garbage-collector',
  'enable-hostpath-provisioner',
  'external-cloud-volume-plugin',
  'feature-gates',
  'flex-volume-plugin-dir',
  'http2-max-streams-per-connection',
  'kube-api-burst',
  'kube-api-content-type',
  'kube-api-qps',
  'leader-elect-resource-lock',
  'log-flush-frequency',
  'log-json-info-buffer-size',
  'log-json-split-stream',
  'log-text-info-buffer-size',
  'log-text-split-stream',
  'logging-format',
  'master',
  'min-resync-period',
  'mirroring-endpointslice-updates-batch-period',
  'namespace-sync-period',
  'node-sync-period',
  'permit-address-sharing',
  'permit-port-sharing',
  'profiling',
  'pv-recycler-increment-timeout-nfs',
  'pv-recycler-minimum-timeout-hostpath',
  'pv-recycler-minimum-timeout-nfs',
  'pv-recycler-pod-template-filepath-hostpath',
  'pv-recycler-pod-template-filepath-nfs',
  'pv-recycler-timeout-increment-hostpath',
  'requestheader-allowed-names',
  'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-uid-headers',
  'requestheader-username-headers',
  'route-reconciliation-period',
  'show-hidden-metrics-for-version',
  'tls-cipher-suites',
  'tls-curve-preferences',
  'tls-min-version',
  'tls-sni-cert-key',
  'use-service-account-credentials',
  'vmodule',
];

/** Milliseconds of a Go duration. */
export function durationMs(text: string): number {
  const ms = Number(parseDuration(text) / 1_000_000n);
  if (ms < 0) throw new DurationError('must not be negative');
  return ms;
}

export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new UsageError('not a number');
  return value;
}

export function booleanValue(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new UsageError('neither true nor false');
  return text === 'true';
}
