/**
 * How many pods the scheduler's core decides in a second of CPU, with each decision assumed before the next one. (Wall
 * time would measure what else the machine does.)
 *
 *     node bench/scheduler.ts [--nodes 5000] [--pods 3000] [--only REGEXP]
 *
 * Workloads and thresholds follow upstream's test/integration/scheduler_perf (v1.36), which also counts the API server.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '@kts/base';
import {
  ClaimTracker,
  ClusterCache,
  defaultPlugins,
  DeviceClasses,
  DeviceSelectors,
  podInfoOf,
  profileOf,
  scheduleOne,
  type DeviceHost,
  type Snapshot,
} from '@kts/scheduler';
import {
  claim,
  createSelectorLanguage,
  deviceClass,
  listers,
  node,
  pod,
  slice,
  sortSlices,
  type NodeOptions,
  type ObjectsByLister,
  type PodOptions,
} from '@kts/scheduler/testing';

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '3000' },
    only: { type: 'string', default: '.' },
  },
});

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';
const ZONES = 10;
const NAMESPACES = 100;

interface Workload {
  /** Its name in scheduler_perf, and the decisions a second that it asks for; 0: none. */
  readonly upstream: string;
  readonly threshold: number;
  /** What this project asks for beyond that. */
  readonly budget?: number;
  readonly pod: (index: number) => PodOptions;
  /** Pods that run before the measurement, one for each node; default: like those that are measured. */
  readonly existing?: (index: number) => PodOptions;
  readonly node?: (index: number) => NodeOptions;
  readonly nodes?: number;
  /** How many of the pods are measured, where each takes long. */
  readonly share?: number;
  readonly objects?: (pods: number) => ObjectsByLister;
  readonly devices?: (nodes: number, pods: number) => DeviceHost;
}

const requests = { cpu: '100m', memory: '500Mi' };
const color = { matchLabels: { color: 'blue' } };
const plain: PodOptions = { requests };
const blue: PodOptions = { requests, labels: { color: 'blue' } };
const near = (topologyKey: string) => ({ labelSelector: color, topologyKey });
const nearIn = (topologyKey: string) => ({
  ...near(topologyKey),
  namespaceSelector: { matchLabels: { team: 'devops' } },
});
const preferred = (term: ReturnType<typeof near>) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }],
});
const required = (term: ReturnType<typeof near>) => ({ requiredDuringSchedulingIgnoredDuringExecution: [term] });
const inNamespace = (index: number): PodOptions => ({ ...blue, namespace: `team-${index % NAMESPACES}` });
const spread = (whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway', topologyKey: string) => ({
  maxSkew: 5,
  topologyKey,
  whenUnsatisfiable,
  labelSelector: color,
});
const teams = (): ObjectsByLister => ({
  namespaces: Array.from({ length: NAMESPACES }, (_, index) => ({
    metadata: { ...metadata(`team-${index}`), labels: { team: 'devops' } },
    spec: {},
    status: {},
  })),
});

const workloads: Readonly<Record<string, Workload>> = {
  basic: { upstream: 'SchedulingBasic', threshold: 270, budget: 3000, pod: () => plain },
  'pod anti-affinity': {
    upstream: 'SchedulingPodAntiAffinity',
    threshold: 60,
    pod: () => ({ ...blue, affinity: { podAntiAffinity: required(near(HOST)) } }),
    existing: () => plain,
  },
  'pod affinity': {
    upstream: 'SchedulingPodAffinity',
    threshold: 35,
    pod: () => ({ ...blue, affinity: { podAffinity: required(near(ZONE)) } }),
  },
  'preferred pod affinity': {
    upstream: 'SchedulingPreferredPodAffinity',
    threshold: 90,
    pod: () => ({ ...blue, affinity: { podAffinity: preferred(near(HOST)) } }),
  },
  'preferred pod anti-affinity': {
    upstream: 'SchedulingPreferredPodAntiAffinity',
    threshold: 90,
    pod: () => ({ ...blue, affinity: { podAntiAffinity: preferred(near(HOST)) } }),
  },
  'node affinity': {
    upstream: 'SchedulingNodeAffinity',
    threshold: 220,
    pod: () => ({
      requests,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: ['zone1', 'zone2'] }] }],
          },
        },
      },
    }),
  },
  'required anti-affinity by namespace': {
    upstream: 'SchedulingRequiredPodAntiAffinityWithNSSelector',
    threshold: 24,
    pod: (index) => ({ ...inNamespace(index), affinity: { podAntiAffinity: required(nearIn(HOST)) } }),
    existing: (index) => (index < 4000 ? inNamespace(index) : plain),
    nodes: 6000,
    objects: teams,
  },
  'preferred affinity by namespace': {
    upstream: 'SchedulingPreferredAffinityWithNSSelector',
    threshold: 90,
    pod: (index) => ({ ...inNamespace(index), affinity: { podAffinity: preferred(nearIn(HOST)) } }),
    objects: teams,
  },
  'topology spread': {
    upstream: 'TopologySpreading',
    threshold: 85,
    pod: () => ({ ...blue, topologySpreadConstraints: [spread('DoNotSchedule', ZONE)] }),
  },
  'preferred topology spread': {
    upstream: 'PreferredTopologySpreading',
    threshold: 125,
    pod: () => ({
      ...blue,
      topologySpreadConstraints: [spread('ScheduleAnyway', ZONE), spread('ScheduleAnyway', HOST)],
    }),
  },
  'node inclusion policy': {
    upstream: 'SchedulingWithNodeInclusionPolicy',
    threshold: 68,
    pod: () => ({
      ...blue,
      topologySpreadConstraints: [
        { ...spread('DoNotSchedule', HOST), maxSkew: 1, nodeTaintsPolicy: 'Honor', nodeAffinityPolicy: 'Ignore' },
      ],
    }),
    existing: () => plain,
    node: (index) => (index % 5 === 0 ? { taints: [{ key: 'foo', effect: 'NoSchedule' }] } : {}),
  },
  daemonset: {
    upstream: 'SchedulingDaemonset',
    threshold: 390,
    nodes: 15_000,
    pod: (index) => ({
      requests,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: [`node-${Math.max(0, index)}`] }] },
            ],
          },
        },
      },
    }),
  },
  'bound volumes': {
    upstream: 'SchedulingCSIPVs',
    threshold: 48,
    pod: (index) => ({
      requests,
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: `pv-${Math.max(0, index)}` } }],
    }),
    existing: () => plain,
    objects: boundVolumes,
  },
  unschedulable: {
    upstream: 'Unschedulable',
    threshold: 140,
    share: 0.2,
    pod: () => ({ requests: { cpu: '9' } }),
    existing: () => plain,
  },
  preemption: {
    upstream: 'PreemptionAsync',
    threshold: 160,
    share: 0.2,
    pod: () => ({ requests: { cpu: '3' }, priority: 10 }),
    existing: () => ({ requests: { cpu: '3' } }),
  },
  devices: {
    upstream: 'SchedulingWithResourceClaimTemplate',
    threshold: 40,
    nodes: 500,
    pod: (index) => ({ resourceClaims: [{ name: 'r', resourceClaimName: `claim-${index}` }] }),
    existing: () => ({}),
    devices: benchDevices,
  },
};

function metadata(name: string) {
  return { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
}

function boundVolumes(pods: number): ObjectsByLister {
  const names = Array.from({ length: pods }, (_, index) => `pv-${index}`);
  return {
    persistentVolumes: names.map((name) => ({
      metadata: metadata(name),
      spec: { csi: { driver: 'csi.example.com', volumeHandle: name }, accessModes: ['ReadOnlyMany' as const] },
    })),
    persistentVolumeClaims: names.map((name) => ({
      metadata: {
        ...metadata(name),
        namespace: 'default',
        annotations: { 'pv.kubernetes.io/bind-completed': 'true' },
      },
      spec: { volumeName: name, accessModes: ['ReadOnlyMany' as const] },
      status: { phase: 'Bound' as const },
    })),
    csiNodes: Array.from({ length: Number(options.nodes) }, (_, index) => ({
      metadata: metadata(`node-${index}`),
      spec: { drivers: [{ name: 'csi.example.com', nodeID: 'n', allocatable: { count: 39 } }] },
    })),
  };
}

/** Ten devices on each node, and a claim for one of them for each pod. */
function benchDevices(nodeCount: number, podCount: number): DeviceHost {
  const claims = new ClaimTracker();
  for (let index = -podCount; index < podCount; index++) claims.observe(claim(`claim-${index}`));
  const devices = Array.from({ length: 10 }, (_, index) => `device-${index}`);
  const slices = Array.from({ length: nodeCount }, (_, index) =>
    slice(`slice-${index}`, devices, { nodeName: `node-${index}` }),
  );
  const sorted = sortSlices(slices);
  const selectors = [{ cel: { expression: 'device.driver == "gpu.example.com"' } }];
  return {
    claims,
    classes: new DeviceClasses([deviceClass('gpu', { selectors })]),
    slices: () => sorted,
    selectors: new DeviceSelectors(createSelectorLanguage),
    load: () => undefined,
    newUid: () => '',
    monotonic: () => performance.now(),
    now: () => 0,
    onWaiting: () => {},
  };
}

function measure(workload: Workload, nodeCount: number, podCount: number): number {
  const { pod: describe, existing = describe, node: describeNode, objects, devices } = workload;
  const cache = new ClusterCache();
  for (let index = 0; index < nodeCount; index++) {
    const { labels, ...rest } = describeNode?.(index) ?? {};
    const zone = { [ZONE]: `zone${index % ZONES}`, ...labels };
    cache.setNode(node(`node-${index}`, { allocatable: { memory: '32Gi' }, ...rest, labels: zone }));
  }
  for (let index = 0; index < nodeCount; index++) {
    cache.setPod(pod(`old-${index}`, { ...existing(index), nodeName: `node-${index}` }));
  }
  const host = devices?.(nodeCount, podCount);
  const profile = profileOf('default-scheduler', defaultPlugins({}, host ? { devices: host } : {}));
  const random = seededRandom(1);
  const rest: Omit<Snapshot, 'nodes' | 'index' | 'images' | 'startNodeIndex'> = {
    nominated: new Map(),
    listers: listers(objects?.(podCount)),
    now: 0,
  };
  let startNodeIndex = 0;
  let started = 0;
  const warmUp = Math.min(300, podCount);
  for (let index = -warmUp; index < podCount; index++) {
    if (index === 0) started = cpuSeconds();
    const info = podInfoOf(pod(`pod-${index}`, describe(index)));
    const decision = scheduleOne({ ...cache.view(), ...rest, startNodeIndex }, info, profile, random);
    if (decision.kind === 'failed') throw new Error(decision.message);
    startNodeIndex = decision.nextStartNodeIndex;
    if (decision.kind !== 'scheduled') continue;
    const assumed = cache.assumePod(info, decision.node.name);
    // Devices are taken from then on; other plugins would want to write.
    for (const [plugin, state] of decision.cycle.states) {
      if (plugin.name === 'DynamicResources') plugin.reserve!(assumed, decision.node, state, undefined as never);
    }
  }
  return podCount / (cpuSeconds() - started);
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

for (const [name, workload] of Object.entries(workloads)) {
  if (!new RegExp(options.only).test(name)) continue;
  const { threshold, budget = 0, share = 1, upstream, nodes = Number(options.nodes) } = workload;
  const rate = Math.round(measure(workload, nodes, Math.round(Number(options.pods) * share)));
  const asked = Math.max(threshold, budget);
  const verdict = rate >= asked ? `${asked} asked for` : `TOO SLOW, ${asked} asked for`;
  process.stdout.write(`${name.padEnd(36)}${String(rate).padStart(8)} pods/s  ${verdict} (${upstream})\n`);
}
