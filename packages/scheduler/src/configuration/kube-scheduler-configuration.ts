import type { JsonObject } from '@kts/apimachinery';
import type { ExtensionPoint } from '../framework/profile.ts';

/**
 * `kubescheduler.config.k8s.io/v1` KubeSchedulerConfiguration, as a file has it. What is left out has its default.
 *
 * Mirrors: staging/src/k8s.io/kube-scheduler/config/v1/types.go (v1.36)
 */
export interface KubeSchedulerConfiguration {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** How many nodes are looked at at a time. Accepted; here it is always one. */
  readonly parallelism?: number;
  readonly leaderElection?: LeaderElectionConfiguration;
  readonly clientConnection?: ClientConnectionConfiguration;
  readonly enableProfiling?: boolean;
  readonly enableContentionProfiling?: boolean;
  readonly percentageOfNodesToScore?: number;
  /** Default 1. */
  readonly podInitialBackoffSeconds?: number;
  /** Default 10. */
  readonly podMaxBackoffSeconds?: number;
  /** Default: one for `default-scheduler`. */
  readonly profiles?: readonly ProfileConfiguration[];
  readonly extenders?: readonly ExtenderConfiguration[];
  /** Nothing is watched before this scheduler leads. */
  readonly delayCacheUntilActive?: boolean;
}

/** Durations are texts such as `15s`. */
export interface LeaderElectionConfiguration {
  readonly leaderElect?: boolean;
  readonly leaseDuration?: string;
  readonly renewDeadline?: string;
  readonly retryPeriod?: string;
  readonly resourceLock?: string;
  readonly resourceName?: string;
  readonly resourceNamespace?: string;
}

export interface ClientConnectionConfiguration {
  readonly kubeconfig?: string;
  readonly acceptContentTypes?: string;
  readonly contentType?: string;
  readonly qps?: number;
  readonly burst?: number;
}

export interface ProfileConfiguration {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: PluginSets;
  readonly pluginConfig?: readonly PluginConfiguration[];
}

export type PluginSets = Readonly<Partial<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;

export interface PluginSet {
  readonly enabled?: readonly PluginReference[];
  /** `*` stands for all. */
  readonly disabled?: readonly PluginReference[];
}

export interface PluginReference {
  readonly name: string;
  readonly weight?: number;
}

export interface PluginConfiguration {
  readonly name: string;
  readonly args?: JsonObject;
}

/** A scheduler's helper that is asked over HTTP. */
export interface ExtenderConfiguration {
  readonly urlPrefix: string;
  readonly filterVerb?: string;
  readonly preemptVerb?: string;
  readonly prioritizeVerb?: string;
  readonly weight?: number;
  readonly bindVerb?: string;
  readonly enableHTTPS?: boolean;
  readonly tlsConfig?: ExtenderTLSConfiguration;
  readonly httpTimeout?: string;
  /** The extender knows the nodes: their names will do. */
  readonly nodeCacheCapable?: boolean;
  readonly managedResources?: readonly { readonly name: string; readonly ignoredByScheduler?: boolean }[];
  /** Pods are scheduled also if the extender does not answer. */
  readonly ignorable?: boolean;
}

export interface ExtenderTLSConfiguration {
  readonly insecure?: boolean;
  readonly serverName?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
  /** PEM in base64. */
  readonly certData?: string;
  readonly keyData?: string;
  readonly caData?: string;
}

export const DEFAULT_SCHEDULER_NAME = 'default-scheduler';
export const API_VERSION = 'kubescheduler.config.k8s.io/v1';
export const KIND = 'KubeSchedulerConfiguration';
