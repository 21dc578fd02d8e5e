import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@kts/base';
import fc from 'fast-check';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { insufficientResources } from '../plugins/node-resources-fit.ts';
import { cluster, node, pod, verdicts, type ClusterOptions, type PodOptions } from '../testing/index.ts';
import { ClusterCache } from './cluster-cache.ts';
import { podInfoOf } from './pod-info.ts';
import { hasHook, profileOf } from './profile.ts';
import { nodesToFind, scheduleOne, type Decision } from './schedule-one.ts';

const profile = profileOf('default-scheduler', defaultPlugins());

function decide(options: ClusterOptions, wanted: PodOptions = {}, seed = 1): Decision {
  return scheduleOne(cluster(options), podInfoOf(pod('p', wanted)), profile, seededRandom(seed));
}

function messageOf(decision: Decision): string {
  return decision.kind === 'scheduled' ? `on ${decision.node.name}` : decision.message;
}

const NOT_HELPFUL = 'Preemption is not helpful for scheduling';

describe('scheduleOne', () => {
  const taint = { taints: [{ key: 'x', effect: 'NoSchedule' as const }] };
  const cases: readonly (readonly [name: string, cluster: ClusterOptions, pod: PodOptions, message: string])[] = [
    ['no nodes', {}, {}, 'no nodes available to schedule pods'],
    ['one node', { nodes: [node('a')] }, {}, 'on a'],
    [
      'several reasons',
      { nodes: [node('a', taint), node('b'), node('c')] },
      { requests: { cpu: '9' } },
      `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 ${NOT_HELPFUL}.`,
    ],
    [
      'a full node without victims',
      { nodes: [node('a')], pods: [pod('e', { requests: { cpu: '4' }, nodeName: 'a' })] },
      { requests: { cpu: '1' } },
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'rejected before any node is looked at',
      { nodes: [node('a')] },
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
      '0/1 nodes are available: persistentvolumeclaim "c" not found. not found',
    ],
    [
      'a pod that must not preempt',
      { nodes: [node('a')], pods: [pod('e', { requests: { cpu: '4' }, nodeName: 'a' })] },
      { requests: { cpu: '1' }, priority: 5, preemptionPolicy: 'Never' },
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
  ];
  for (const [name, options, wanted, message] of cases) {
    it(name, () => assert.equal(messageOf(decide(options, wanted)), message));
  }

  it('prefers the nominated node', () => {
    const nodes = [node('small'), node('large', { allocatable: { cpu: '64' } })];
    const decision = decide({ nodes }, { requests: { cpu: '1' }, status: { nominatedNodeName: 'small' } });
    assert.equal(messageOf(decision), 'on small');
  });

  it('leaves room for nominated pods of the same or a higher priority', () => {
    const nominated = new Map([['a', [podInfoOf(pod('n', { requests: { cpu: '3' }, priority: 5 }))]]]);
    const nodes = [node('a')];
    assert.equal(decide({ nodes, nominated }, { requests: { cpu: '2' }, priority: 5 }).kind, 'unschedulable');
    assert.equal(decide({ nodes, nominated }, { requests: { cpu: '2' }, priority: 6 }).kind, 'scheduled');
  });

  it('begins the next search where this one ended', () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => node(`n${index}`));
    const decision = decide({ nodes, startNodeIndex: 900 });
    assert.ok(decision.kind === 'scheduled');
    assert.equal(decision.evaluatedNodes, nodesToFind(0, 1000));
    assert.equal(decision.nextStartNodeIndex, (900 + nodesToFind(0, 1000)) % 1000);
  });

  it('reports what a plugin throws as an error of the scheduler', () => {
    const broken = { name: 'Broken', preFilter: () => assert.fail('cannot') };
    const options = profileOf('test', [{ plugin: broken, weight: 1 }]);
    const decision = scheduleOne(cluster({ nodes: [node('a')] }), podInfoOf(pod('p')), options, seededRandom(1));
    assert.deepEqual(decision, { kind: 'failed', message: 'running PreFilter plugin "Broken": cannot' });
  });
});

describe('nodesToFind', () => {
  const cases: readonly (readonly [percentage: number, nodes: number, expected: number])[] = [
    [0, 99, 99],
    [0, 100, 100],
    [0, 1000, 420],
    [0, 5000, 500],
    [0, 10000, 500],
    [100, 5000, 5000],
    [1, 5000, 100],
  ];
  for (const [percentage, nodes, expected] of cases) {
    it(`${percentage} % of ${nodes}`, () => assert.equal(nodesToFind(percentage, nodes), expected));
  }
});

const anyNode = fc.record({
  cpu: fc.integer({ min: 1, max: 8 }),
  zone: fc.constantFrom('a', 'b', 'c'),
  tainted: fc.boolean(),
  cordoned: fc.boolean(),
});
const anyPod = fc.record({
  cpu: fc.integer({ min: 0, max: 5 }),
  app: fc.constantFrom('web', 'db'),
  zone: fc.option(fc.constantFrom('a', 'b', 'c')),
  port: fc.boolean(),
  apart: fc.boolean(),
  together: fc.boolean(),
  spread: fc.boolean(),
  priority: fc.integer({ min: 0, max: 2 }),
});

type AnyPod = typeof anyPod extends fc.Arbitrary<infer T> ? T : never;

function podOptions({ cpu, app, zone, port, apart, together, spread, priority }: AnyPod): PodOptions {
  const labelSelector = { matchLabels: { app } };
  const term = (topologyKey: string) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey }],
  });
  return {
    labels: { app },
    priority,
    requests: { cpu: String(cpu) },
    ...(zone && { nodeSelector: { zone } }),
    ...(port && { container: { ports: [{ containerPort: 1, hostPort: 1 }] } }),
    affinity: {
      ...(apart && { podAntiAffinity: term('kubernetes.io/hostname') }),
      ...(together && { podAffinity: term('zone') }),
    },
    ...(spread && {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector },
      ],
    }),
  };
}

/** Schedules one pod after the other, as the scheduler does; calls `check` before each decision takes effect. */
function play(
  nodes: readonly (typeof anyNode extends fc.Arbitrary<infer T> ? T : never)[],
  wanted: readonly AnyPod[],
  seed: number,
  check: (decision: Decision, index: number, options: ClusterOptions) => void = () => {},
): readonly string[] {
  const nodeObjects = nodes.map(({ cpu, zone, tainted, cordoned }, index) =>
    node(`n${index}`, {
      labels: { zone },
      allocatable: { cpu: String(cpu) },
      unschedulable: cordoned,
      ...(tainted && { taints: [{ key: 'x', effect: 'NoSchedule' }] }),
    }),
  );
  const cache = new ClusterCache();
  for (const one of nodeObjects) cache.setNode(one);
  const own = profileOf('default-scheduler', defaultPlugins());
  const random = seededRandom(seed);
  const placed: ReturnType<typeof pod>[] = [];
  return wanted.map((options, index) => {
    const info = podInfoOf(pod(`p${index}`, podOptions(options)));
    const decision = scheduleOne({ ...cluster(), ...cache.view() }, info, own, random);
    check(decision, index, { nodes: nodeObjects, pods: [...placed] });
    if (decision.kind === 'scheduled') placed.push(cache.assumePod(info, decision.node.name).pod);
    return messageOf(decision);
  });
}

describe('scheduleOne, whatever the cluster', () => {
  const nodes = fc.array(anyNode, { minLength: 1, maxLength: 6 });
  const pods = fc.array(anyPod, { maxLength: 12 });

  it('never goes where a filter forbids, and never finds nothing where all filters allow', () => {
    fc.assert(
      fc.property(nodes, pods, (someNodes, wanted) => {
        play(someNodes, wanted, 1, (decision, index, options) => {
          const snapshot = cluster(options);
          const target = pod(`p${index}`, podOptions(wanted[index]!));
          const allowed = new Set([...snapshot.nodes].map(({ name }) => name));
          // Fresh plugins, so that nothing remembered from earlier cycles helps.
          for (const { plugin } of defaultPlugins().filter((entry) => hasHook(entry.plugin, 'filter'))) {
            const verdict = verdicts(plugin, target, snapshot);
            for (const name of allowed)
              if (typeof verdict === 'string' || verdict[name] !== 'fits') allowed.delete(name);
          }
          if (decision.kind === 'scheduled') assert.ok(allowed.has(decision.node.name));
          else assert.equal(allowed.size, 0);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('never exceeds the capacity of a node', () => {
    fc.assert(
      fc.property(nodes, pods, (someNodes, wanted) => {
        play(someNodes, wanted, 1, (decision, index) => {
          if (decision.kind !== 'scheduled') return;
          const info = podInfoOf(pod(`p${index}`, podOptions(wanted[index]!)));
          assert.equal(insufficientResources(info, decision.node), undefined);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('decides the same again for the same seed', () => {
    fc.assert(
      fc.property(nodes, pods, fc.integer(), (someNodes, wanted, seed) => {
        assert.deepEqual(play(someNodes, wanted, seed), play(someNodes, wanted, seed));
      }),
      { numRuns: 40 },
    );
  });

  it('makes room for a preemptor with the victims it names', () => {
    fc.assert(
      fc.property(nodes, pods, (someNodes, wanted) => {
        play(someNodes, wanted, 1, (decision, index, options) => {
          if (decision.kind !== 'unschedulable' || decision.victims.length === 0) return;
          const gone = new Set(decision.victims.map(({ uid }) => uid));
          const info = podInfoOf(pod(`p${index}`, podOptions(wanted[index]!)));
          for (const { priority } of decision.victims) assert.ok(priority < info.priority);
          const rest = options.pods!.filter(({ metadata }) => !gone.has(metadata.uid));
          const after = { ...cluster({ ...options, pods: rest }) };
          const again = scheduleOne(after, info, profile, seededRandom(1));
          assert.equal(again.kind, 'scheduled');
        });
      }),
      { numRuns: 60 },
    );
  });
});
