import type { JsonObject, JsonValue } from '@kts/apimachinery';
import { EXTENSION_POINTS } from '../framework/profile.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import {
  API_VERSION,
  DEFAULT_SCHEDULER_NAME,
  KIND,
  type KubeSchedulerConfiguration,
  type LeaderElectionConfiguration,
  type PluginConfiguration,
  type PluginReference,
  type PluginSet,
  type PluginSets,
  type ProfileConfiguration,
} from './kube-scheduler-configuration.ts';
import { takesArguments } from './schema.ts';

/** A configuration in which nothing is left out. */
export type CompleteConfiguration = Required<Omit<KubeSchedulerConfiguration, 'extenders' | 'profiles'>> & {
  readonly leaderElection: Required<LeaderElectionConfiguration>;
  readonly profiles: readonly CompleteProfile[];
  readonly extenders?: NonNullable<KubeSchedulerConfiguration['extenders']>;
};

export type CompleteProfile = ProfileConfiguration & {
  readonly plugins: PluginSets;
  readonly pluginConfig: readonly PluginConfiguration[];
};

/**
 * Mirrors: pkg/scheduler/apis/config/v1/defaults.go and default_plugins.go (v1.36)
 */
export function defaultConfiguration(given: KubeSchedulerConfiguration): CompleteConfiguration {
  const { leaderElection = {}, clientConnection = {}, enableProfiling = true } = given;
  const profiles = given.profiles?.length ? given.profiles : [{}];
  const [only] = profiles;
  const named =
    profiles.length === 1 && only!.schedulerName === undefined
      ? [{ ...only, schedulerName: DEFAULT_SCHEDULER_NAME }]
      : profiles;
  return {
    apiVersion: given.apiVersion ?? API_VERSION,
    kind: given.kind ?? KIND,
    parallelism: given.parallelism ?? 16,
    leaderElection: {
      leaderElect: leaderElection.leaderElect ?? true,
      leaseDuration: leaderElection.leaseDuration || '15s',
      renewDeadline: leaderElection.renewDeadline || '10s',
      retryPeriod: leaderElection.retryPeriod || '2s',
      resourceLock: leaderElection.resourceLock || 'leases',
      resourceName: leaderElection.resourceName || 'kube-scheduler',
      resourceNamespace: leaderElection.resourceNamespace || 'kube-system',
    },
    clientConnection: {
      kubeconfig: clientConnection.kubeconfig ?? '',
      acceptContentTypes: clientConnection.acceptContentTypes ?? '',
      contentType: clientConnection.contentType || 'application/vnd.kubernetes.protobuf',
      qps: clientConnection.qps || 50,
      burst: clientConnection.burst || 100,
    },
    enableProfiling,
    enableContentionProfiling: given.enableContentionProfiling ?? enableProfiling,
    percentageOfNodesToScore: given.percentageOfNodesToScore ?? 0,
    podInitialBackoffSeconds: given.podInitialBackoffSeconds ?? 1,
    podMaxBackoffSeconds: given.podMaxBackoffSeconds ?? 10,
    profiles: named.map(defaultProfile),
    ...(given.extenders && { extenders: given.extenders }),
    delayCacheUntilActive: given.delayCacheUntilActive ?? false,
  };
}

function defaultProfile(profile: ProfileConfiguration): CompleteProfile {
  const plugins = mergePlugins(profile.plugins);
  const given = profile.pluginConfig ?? [];
  const names = new Set(Object.values(plugins).flatMap(({ enabled = [] }) => enabled.map(({ name }) => name)));
  const missing = [...names].filter((name) => takesArguments(name) && !given.some((config) => config.name === name));
  return {
    ...profile,
    plugins,
    pluginConfig: [
      ...given.map(({ name, args }) =>
        takesArguments(name) ? { name, args: defaultArgs(name, args) } : { name, ...(args && { args }) },
      ),
      ...missing.sort().map((name) => ({ name, args: defaultArgs(name) })),
    ],
  };
}

/** The default plugins with the given changes. */
function mergePlugins(given: PluginSets = {}): PluginSets {
  const enabled = defaultPlugins().map(({ plugin, weight }): PluginReference => ({
    name: plugin.name,
    ...(plugin.score && { weight }),
  }));
  const own = EXTENSION_POINTS.filter((point) => given[point] !== undefined);
  return {
    ...Object.fromEntries(own.map((point) => [point, mergeSet({}, given[point])])),
    multiPoint: mergeSet({ enabled }, given.multiPoint),
  };
}

/** What is switched on anew takes its default's place; what has none comes last. */
function mergeSet(defaults: PluginSet, { enabled = [], disabled = [] }: PluginSet = {}): PluginSet {
  const off = new Set(disabled.map(({ name }) => name));
  const kept = off.has('*') ? [] : (defaults.enabled ?? []).filter(({ name }) => !off.has(name));
  const last = new Map(enabled.map((reference) => [reference.name, reference]));
  const replaced = new Set(kept.flatMap(({ name }) => last.get(name) ?? []));
  const all = [...kept.map((one) => last.get(one.name) ?? one), ...enabled.filter((one) => !replaced.has(one))];
  return {
    ...(all.length > 0 && { enabled: all }),
    ...(disabled.length > 0 && { disabled: disabled.map(({ name }) => ({ name })) }),
  };
}

type Resource = { readonly name: string; readonly weight?: number };

function defaultArgs(plugin: string, args: JsonObject = {}): JsonObject {
  return { kind: `${plugin}Args`, apiVersion: API_VERSION, ...args, ...ARGS_DEFAULTS[plugin]?.(args) };
}

const ARGS_DEFAULTS: Readonly<Record<string, (args: JsonObject) => JsonObject>> = {
  DefaultPreemption: (args) => ({
    minCandidateNodesPercentage: args['minCandidateNodesPercentage'] ?? 10,
    minCandidateNodesAbsolute: args['minCandidateNodesAbsolute'] ?? 100,
  }),
  DynamicResources: (args) => ({
    filterTimeout: args['filterTimeout'] ?? '10s',
    bindingTimeout: args['bindingTimeout'] ?? '10m0s',
  }),
  InterPodAffinity: (args) => ({
    hardPodAffinityWeight: args['hardPodAffinityWeight'] ?? 1,
    ignorePreferredTermsOfExistingPods: args['ignorePreferredTermsOfExistingPods'] ?? false,
  }),
  NodeResourcesBalancedAllocation: (args) => ({ resources: resourcesOf(args['resources']) }),
  NodeResourcesFit: (args) => {
    const { type = '', resources, ...rest } = (args['scoringStrategy'] ?? { type: 'LeastAllocated' }) as JsonObject;
    return { scoringStrategy: { type, resources: resourcesOf(resources), ...rest } };
  },
  PodTopologySpread: (args) => ({ defaultingType: args['defaultingType'] || 'System' }),
  VolumeBinding: (args) => ({ bindTimeoutSeconds: args['bindTimeoutSeconds'] ?? 600 }),
};

function resourcesOf(value: JsonValue | undefined): JsonValue {
  const resources = (value ?? []) as unknown as readonly Resource[];
  const all: readonly Resource[] = resources.length > 0 ? resources : [{ name: 'cpu' }, { name: 'memory' }];
  return all.map(({ name, weight }) => ({ name, weight: weight || 1 }));
}
