/**
 * How many pods a second the scheduler's core decides, with each decision assumed before the next one.
 *
 *     node bench/scheduler.ts [--nodes 5000] [--pods 3000] [--only REGEXP]
 *
 * Workloads follow upstream's test/integration/scheduler_perf.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '@kts/base';
import { ClusterCache, defaultPlugins, podInfoOf, profileOf, scheduleOne, type Snapshot } from '@kts/scheduler';
import { listers, node, pod, type PodOptions } from '@kts/scheduler/testing';

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

interface Workload {
  /** Decisions a second that the budget asks for; 0: none. */
  readonly budget: number;
  readonly pod: (index: number) => PodOptions;
  /** Pods that run before the measurement; default: like those that are measured. */
  readonly existing?: (index: number) => PodOptions;
}

const requests = { cpu: '100m', memory: '500Mi' };
const color = { matchLabels: { color: 'blue' } };
const blue = { requests, labels: { color: 'blue' } };
const near = (topologyKey: string) => ({ labelSelector: color, topologyKey });

const workloads: Readonly<Record<string, Workload>> = {
  basic: { budget: 3000, pod: () => ({ requests }) },
  'node affinity': {
    budget: 0,
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
  'topology spread': {
    budget: 0,
    pod: () => ({
      ...blue,
      topologySpreadConstraints: [
        { maxSkew: 5, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: color },
      ],
    }),
  },
  'preferred topology spread': {
    budget: 0,
    pod: () => ({
      ...blue,
      topologySpreadConstraints: [
        { maxSkew: 5, topologyKey: ZONE, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: color },
        { maxSkew: 5, topologyKey: HOST, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: color },
      ],
    }),
  },
  'pod anti-affinity': {
    budget: 0,
    pod: () => ({
      ...blue,
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near(HOST)] } },
    }),
    existing: () => ({ requests }),
  },
  'pod affinity': {
    budget: 0,
    pod: () => ({
      ...blue,
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near(ZONE)] } },
    }),
  },
  'preferred pod affinity': {
    budget: 0,
    pod: () => ({
      ...blue,
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: near(HOST) }],
        },
      },
    }),
  },
  unschedulable: { budget: 0, pod: () => ({ requests: { cpu: '9' } }), existing: () => ({ requests }) },
  preemption: {
    budget: 0,
    pod: () => ({ requests: { cpu: '3' }, priority: 10 }),
    existing: () => ({ requests: { cpu: '3' } }),
  },
};

function measure({ pod: describe, existing = describe }: Workload, nodeCount: number, podCount: number): number {
  const cache = new ClusterCache();
  for (let index = 0; index < nodeCount; index++) {
    cache.setNode(
      node(`node-${index}`, { labels: { [ZONE]: `zone${index % ZONES}` }, allocatable: { memory: '32Gi' } }),
    );
  }
  for (let index = 0; index < nodeCount; index++) {
    cache.setPod(pod(`old-${index}`, { ...existing(index), nodeName: `node-${index}` }));
  }
  const profile = profileOf('default-scheduler', defaultPlugins());
  const random = seededRandom(1);
  const rest: Omit<Snapshot, 'nodes' | 'index' | 'images' | 'startNodeIndex'> = {
    nominated: new Map(),
    listers: listers(),
    now: 0,
  };
  let startNodeIndex = 0;
  let started = 0;
  const warmUp = Math.min(300, podCount);
  for (let index = -warmUp; index < podCount; index++) {
    if (index === 0) started = performance.now();
    const info = podInfoOf(pod(`pod-${index}`, describe(index)));
    const decision = scheduleOne({ ...cache.view(), ...rest, startNodeIndex }, info, profile, random);
    if (decision.kind === 'failed') throw new Error(decision.message);
    startNodeIndex = decision.nextStartNodeIndex;
    if (decision.kind === 'scheduled') cache.assumePod(info, decision.node.name);
  }
  return podCount / ((performance.now() - started) / 1000);
}

const nodeCount = Number(options.nodes);
for (const [name, workload] of Object.entries(workloads)) {
  if (!new RegExp(options.only).test(name)) continue;
  const slow = name === 'unschedulable' || name === 'preemption';
  const rate = Math.round(measure(workload, nodeCount, Number(options.pods) / (slow ? 10 : 1)));
  const verdict = workload.budget === 0 ? '' : rate >= workload.budget ? `budget ${workload.budget}: kept` : 'TOO SLOW';
  process.stdout.write(`${name.padEnd(28)}${String(rate).padStart(8)} pods/s  ${verdict}\n`);
}
