import type { SignerName } from './certificates/plan-signature.ts';

/**
 * What a controller manager can be told. Flags and the embedding program fill it in; what is absent has upstream's
 * default.
 */
export interface ControllerManagerConfig {
  /** Names, `*` for all that are on by default, `-name` for all but that one. */
  readonly controllers: readonly string[];
  /** Several copies may run; one of them works. Absent: this copy works at once. */
  readonly leaderElection?: LeaderElectionConfig;
  /** PEM text that pods verify the API server with; absent: it is not published. */
  readonly rootCA?: string;
  /** PEM of the key that signs tokens in Secrets of service accounts; absent: such Secrets stay empty. */
  readonly serviceAccountKey?: string;
  /** Issues certificates for signing requests of all signers; absent: see `signers`. */
  readonly clusterSigning?: ClusterSigning;
  /** Those of single signers, by the signer's name. If there is any, `clusterSigning` does not count. */
  readonly signers?: Readonly<Partial<Record<SignerName, ClusterSigning>>>;
  readonly clusterSigningDurationMs: number;
  /** Gives every node a pod range out of `clusterCIDRs`. */
  readonly allocateNodeCIDRs: boolean;
  readonly clusterCIDRs: readonly string[];
  readonly nodeCIDRMaskSizeIPv4: number;
  readonly nodeCIDRMaskSizeIPv6: number;
  /** Ranges of Services; node ranges keep out of them. */
  readonly serviceCIDRs: readonly string[];
  readonly nodeMonitorPeriodMs: number;
  /** How long a node may be silent before it counts as unreachable. */
  readonly nodeMonitorGracePeriodMs: number;
  /** The same for a node that has just come. */
  readonly nodeStartupGracePeriodMs: number;
  /** Evictions per second in a healthy zone. */
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly unhealthyZoneThreshold: number;
  readonly largeClusterSizeThreshold: number;
  readonly horizontalPodAutoscalerSyncPeriodMs: number;
  readonly horizontalPodAutoscalerDownscaleStabilizationMs: number;
  readonly horizontalPodAutoscalerTolerance: number;
  readonly horizontalPodAutoscalerCpuInitializationPeriodMs: number;
  readonly horizontalPodAutoscalerInitialReadinessDelayMs: number;
  readonly pvClaimBinderSyncPeriodMs: number;
  /** Volumes stay attached to nodes that are not healthy and do not say that they have unmounted them. */
  readonly disableForceDetachOnTimeout: boolean;
  readonly resourceQuotaSyncPeriodMs: number;
  /** Ended pods above this number are deleted, the oldest first; 0: never. */
  readonly terminatedPodGCThreshold: number;
  /** How many keys a controller works on at a time, by its name; absent: its own number. */
  readonly workers: Readonly<Record<string, number>>;
  readonly maxEndpointsPerSlice: number;
  readonly endpointUpdatesBatchPeriodMs: number;
  readonly endpointSliceUpdatesBatchPeriodMs: number;
  readonly mirroringMaxEndpointsPerSubset: number;
  readonly legacyServiceAccountTokenCleanUpPeriodMs: number;
}

export interface LeaderElectionConfig {
  /** Unique among the copies, such as the host's name and a random part. */
  readonly identity: string;
  readonly leaseName: string;
  readonly leaseNamespace: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** PEM texts. */
export interface ClusterSigning {
  readonly certificate: string;
  readonly key: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const DEFAULT_CONFIG: ControllerManagerConfig = {
  controllers: ['*'],
  clusterSigningDurationMs: 365 * DAY,
  allocateNodeCIDRs: false,
  clusterCIDRs: [],
  nodeCIDRMaskSizeIPv4: 24,
  nodeCIDRMaskSizeIPv6: 64,
  serviceCIDRs: [],
  nodeMonitorPeriodMs: 5 * SECOND,
  nodeMonitorGracePeriodMs: 50 * SECOND,
  nodeStartupGracePeriodMs: MINUTE,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  horizontalPodAutoscalerSyncPeriodMs: 15 * SECOND,
  horizontalPodAutoscalerDownscaleStabilizationMs: 5 * MINUTE,
  horizontalPodAutoscalerTolerance: 0.1,
  horizontalPodAutoscalerCpuInitializationPeriodMs: 5 * MINUTE,
  horizontalPodAutoscalerInitialReadinessDelayMs: 30 * SECOND,
  pvClaimBinderSyncPeriodMs: 15 * SECOND,
  disableForceDetachOnTimeout: false,
  resourceQuotaSyncPeriodMs: 5 * MINUTE,
  terminatedPodGCThreshold: 12_500,
  workers: {},
  maxEndpointsPerSlice: 100,
  endpointUpdatesBatchPeriodMs: 0,
  endpointSliceUpdatesBatchPeriodMs: 0,
  mirroringMaxEndpointsPerSubset: 1000,
  legacyServiceAccountTokenCleanUpPeriodMs: 365 * DAY,
};
