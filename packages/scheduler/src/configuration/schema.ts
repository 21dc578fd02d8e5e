import { schemaOf } from '@kts/api';
import {
  scalar,
  type Field,
  type ListSchema,
  type ObjectSchema,
  type ScalarFormat,
  type Schema,
} from '@kts/apimachinery';
import { EXTENSION_POINTS } from '../framework/profile.ts';

/**
 * The shape of KubeSchedulerConfiguration and of the arguments of its plugins, for strict decoding.
 *
 * Mirrors: staging/src/k8s.io/kube-scheduler/config/v1 (v1.36)
 */
export function configurationSchema(): ObjectSchema {
  const managedResource = struct({ name: 'string', ignoredByScheduler: 'boolean' });
  const extender = struct({
    urlPrefix: 'string',
    filterVerb: 'string',
    preemptVerb: 'string',
    prioritizeVerb: 'string',
    weight: 'int64',
    bindVerb: 'string',
    enableHTTPS: 'boolean',
    tlsConfig: TLS,
    httpTimeout: 'duration',
    nodeCacheCapable: 'boolean',
    managedResources: listOf(managedResource),
    ignorable: 'boolean',
  });
  return struct({
    ...TYPE,
    parallelism: 'int32',
    leaderElection: LEADER_ELECTION,
    clientConnection: CLIENT_CONNECTION,
    enableProfiling: 'boolean',
    enableContentionProfiling: 'boolean',
    percentageOfNodesToScore: 'int32',
    podInitialBackoffSeconds: 'int64',
    podMaxBackoffSeconds: 'int64',
    profiles: listOf(profileSchema()),
    extenders: listOf(extender),
    delayCacheUntilActive: 'boolean',
  });
}

/** False also for plugins that are not known. */
export function takesArguments(plugin: string): boolean {
  return Object.hasOwn(PLUGIN_ARGS, plugin);
}

/** `undefined` for plugins without arguments. */
export function pluginArgsSchema(plugin: string): ObjectSchema | undefined {
  return takesArguments(plugin) ? struct({ ...TYPE, ...PLUGIN_ARGS[plugin]!() }) : undefined;
}

type Fields = Readonly<Record<string, ScalarFormat | Schema>>;

const TYPE: Fields = { kind: 'string', apiVersion: 'string' };

const LEADER_ELECTION = struct({
  leaderElect: 'boolean',
  leaseDuration: 'duration',
  renewDeadline: 'duration',
  retryPeriod: 'duration',
  resourceLock: 'string',
  resourceName: 'string',
  resourceNamespace: 'string',
});

const CLIENT_CONNECTION = struct({
  kubeconfig: 'string',
  acceptContentTypes: 'string',
  contentType: 'string',
  qps: 'double',
  burst: 'int32',
});

const TLS = struct({
  insecure: 'boolean',
  serverName: 'string',
  certFile: 'string',
  keyFile: 'string',
  caFile: 'string',
  certData: 'bytes',
  keyData: 'bytes',
  caData: 'bytes',
});

const RESOURCES = listOf(struct({ name: 'string', weight: 'int64' }));
const SHAPE = listOf(struct({ utilization: 'int32', score: 'int32' }));

const PLUGIN_ARGS: Readonly<Record<string, () => Fields>> = {
  DefaultPreemption: () => ({ minCandidateNodesPercentage: 'int32', minCandidateNodesAbsolute: 'int32' }),
  DynamicResources: () => ({ filterTimeout: 'duration', bindingTimeout: 'duration' }),
  InterPodAffinity: () => ({ hardPodAffinityWeight: 'int32', ignorePreferredTermsOfExistingPods: 'boolean' }),
  NodeAffinity: () => ({ addedAffinity: schemaOf('io.k8s.api.core.v1.NodeAffinity') }),
  NodeResourcesBalancedAllocation: () => ({ resources: RESOURCES }),
  NodeResourcesFit: () => ({
    ignoredResources: listOf(scalar('string')),
    ignoredResourceGroups: listOf(scalar('string')),
    scoringStrategy: struct({
      type: 'string',
      resources: RESOURCES,
      requestedToCapacityRatio: struct({ shape: SHAPE }),
    }),
  }),
  PodTopologySpread: () => ({
    defaultConstraints: listOf(schemaOf('io.k8s.api.core.v1.TopologySpreadConstraint')),
    defaultingType: 'string',
  }),
  VolumeBinding: () => ({ bindTimeoutSeconds: 'int64', shape: SHAPE }),
};

function profileSchema(): ObjectSchema {
  const references = listOf(struct({ name: 'string', weight: 'int32' }));
  const set = struct({ enabled: references, disabled: references });
  const points = [...EXTENSION_POINTS, 'multiPoint', 'placementGenerate', 'placementScore'];
  return struct({
    schedulerName: 'string',
    percentageOfNodesToScore: 'int32',
    plugins: struct(Object.fromEntries(points.map((point) => [point, set]))),
    pluginConfig: listOf(struct({ name: 'string', args: 'jsonObject' })),
  });
}

/** Every field keeps its value, zero included, so that defaults are given only to what is absent. */
function struct(fields: Fields): ObjectSchema {
  const all = Object.entries(fields).map(([name, value]): Field => {
    const schema = typeof value === 'string' ? scalar(value) : value;
    return { name, schema, optional: true, omitempty: true, pointer: true };
  });
  return {
    type: 'object',
    name: '',
    fields: new Map(all.map((field) => [field.name, field])),
    members: all.map((field) => ({ name: field.name, field })),
  };
}

function listOf(items: Schema): ListSchema {
  return { type: 'list', items };
}
