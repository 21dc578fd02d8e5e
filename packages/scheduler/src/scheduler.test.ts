import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import {
  deviceClasses,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  priorityClasses,
  resourceClaims,
  resourceSlices,
  storageClasses,
} from '@kts/api';
import { asNew, claim, deviceClass, slice } from './testing/devices.ts';
import { startScheduler, type SchedulerHarness } from './testing/scheduler-harness.ts';

const NO_HELP = 'Preemption is not helpful for scheduling';

describe('the scheduler', () => {
  it('binds with two requests for each pod: the binding and its event', async () => {
    await using cluster = await startScheduler();
    await cluster.addNode('n');
    await cluster.addPod('p', { requests: { cpu: '1' } });
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on n');
    assert.deepEqual(await cluster.events('p'), ['Scheduled: Successfully assigned default/p to n']);
    assert.deepEqual(cluster.writes, [
      'POST /api/v1/namespaces/default/pods/p/binding',
      'POST /apis/events.k8s.io/v1/namespaces/default/events',
    ]);
  });

  it('says why a pod fits nowhere, and tries again when that has changed', async () => {
    await using cluster = await startScheduler();
    await cluster.addNode('a', { taints: [{ key: 'x', effect: 'NoSchedule' }] });
    await cluster.addNode('b', { unschedulable: true });
    await cluster.addPod('p', { requests: { cpu: '5' } });
    await cluster.settle();
    const reasons = '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable';
    const message = `0/2 nodes are available: ${reasons}. no new claims to deallocate, preemption: 0/2 nodes are available: 2 ${NO_HELP}.`;
    assert.equal(await cluster.outcome('p'), `Unschedulable: ${message}`);
    assert.deepEqual(await cluster.events('p'), [`FailedScheduling: ${message}`]);
    await cluster.addNode('c', { allocatable: { cpu: '8' } });
    await cluster.clock.advance(2000);
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on c');
  });

  it('waits for nodes', async () => {
    await using cluster = await startScheduler();
    await cluster.addPod('p');
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'Unschedulable: no nodes available to schedule pods');
  });

  it('leaves gated pods and those of others alone', async () => {
    await using cluster = await startScheduler();
    await cluster.addNode('n');
    const gated = await cluster.addPod('gated', { schedulingGates: [{ name: 'example.com/wait' }] });
    await cluster.addPod('other', { schedulerName: 'somebody-else' });
    await cluster.settle();
    assert.match(await cluster.outcome('gated'), /^SchedulingGated: /);
    assert.equal(await cluster.outcome('other'), 'waiting');
    const { schedulingGates: _, ...spec } = gated.spec;
    await cluster.client.update(pods, { ...(await cluster.pod('gated')), spec });
    await cluster.settle();
    assert.equal(await cluster.outcome('gated'), 'on n');
  });

  it('gives each scheduler name its own plugins', async () => {
    const mostAllocated = { scoringStrategy: { type: 'MostAllocated' } };
    await using cluster = await startScheduler({
      profiles: [
        { schedulerName: 'default-scheduler' },
        {
          schedulerName: 'packing',
          pluginConfig: [{ name: 'NodeResourcesFit', args: mostAllocated }],
          plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } },
        },
      ],
    });
    for (const name of ['a', 'b']) await cluster.addNode(name);
    await cluster.addPod('old', { nodeName: 'a', requests: { cpu: '2', memory: '2Gi' } });
    await cluster.settle();
    await cluster.addPod('spread', { requests: { cpu: '1', memory: '1Gi' } });
    await cluster.settle();
    await cluster.addPod('packed', { requests: { cpu: '1', memory: '1Gi' }, schedulerName: 'packing' });
    await cluster.settle();
    assert.deepEqual([await cluster.outcome('spread'), await cluster.outcome('packed')], ['on b', 'on a']);
  });

  it('only follows what happens until it is its turn', async () => {
    const { promise: turn, resolve } = Promise.withResolvers<void>();
    await using cluster = await startScheduler({}, turn);
    await cluster.addNode('n');
    await cluster.addPod('a');
    await cluster.settle();
    assert.deepEqual(cluster.writes, []);
    resolve();
    await cluster.settle();
    assert.equal(await cluster.outcome('a'), 'on n');
  });

  it('counts and measures what it does', async () => {
    await using cluster = await startScheduler();
    await cluster.addPod('waits');
    await cluster.settle();
    await cluster.addNode('n');
    await cluster.clock.advance(2000);
    await cluster.settle();
    await cluster.addPod('large', { requests: { cpu: '9' } });
    await cluster.settle();
    const metrics = cluster.scheduler.metrics();
    for (const line of [
      'scheduler_schedule_attempts_total{result="scheduled",profile="default-scheduler"} 1',
      'scheduler_pending_pods{queue="unschedulable"} 1',
      'scheduler_pending_pods{queue="active"} 0',
      'scheduler_cache_size{type="nodes"} 1',
      'scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"} 1',
      'scheduler_pod_scheduling_attempts_count 1',
      'scheduler_queue_incoming_pods_total{queue="active",event="UnschedulablePodAdd"} 2',
    ]) {
      assert.ok(metrics.includes(`${line}\n`), `${line} in\n${metrics.replaceAll(/^.*_bucket.*\n/gm, '')}`);
    }
    assert.match(cluster.scheduler.podResources(), /pod="large",node="",.*resource="cpu",unit="cores"\} 9\n/);
  });
});

describe('preemption', () => {
  async function crowded(): Promise<SchedulerHarness> {
    const cluster = await startScheduler();
    await cluster.client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
    await cluster.addNode('a');
    await cluster.addNode('b');
    for (const name of ['a', 'b']) {
      await cluster.addPod(`on-${name}`, { nodeName: name, requests: { cpu: '3' }, labels: { on: name } });
    }
    await cluster.settle();
    return cluster;
  }

  it('makes room on the node where it hurts least, and tells everybody', async () => {
    await using cluster = await crowded();
    const selector = { matchLabels: { on: 'a' } };
    const budget = await cluster.client.create(podDisruptionBudgets, {
      metadata: { name: 'keep', namespace: 'default' },
      spec: { minAvailable: 1, selector },
    });
    await cluster.client.updateStatus(podDisruptionBudgets, {
      ...budget,
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 },
    });
    await cluster.settle();
    const preemptor = await cluster.addPod('important', { priorityClassName: 'high', requests: { cpu: '2' } });
    await cluster.settle();
    await cluster.clock.advance(2000);
    await cluster.settle();
    assert.equal(await cluster.outcome('important'), 'on b');
    assert.equal(await cluster.outcome('on-a'), 'on a');
    assert.deepEqual(await cluster.events('on-b'), [`Preempted: Preempted by pod ${preemptor.metadata.uid} on node b`]);
    const [failed] = await cluster.events('important');
    assert.equal(failed, 'FailedScheduling: 0/2 nodes are available: 2 Insufficient cpu.');
  });

  it('is nothing for pods that must not', async () => {
    await using cluster = await crowded();
    await cluster.client.create(priorityClasses, {
      metadata: { name: 'polite' },
      value: 1000,
      preemptionPolicy: 'Never',
    });
    await cluster.addPod('polite', { priorityClassName: 'polite', requests: { cpu: '2' } });
    await cluster.settle();
    assert.match(await cluster.outcome('polite'), /preemption: not eligible due to preemptionPolicy=Never\.$/);
    assert.equal(await cluster.outcome('on-b'), 'on b');
  });
});

describe('volumes', () => {
  it('binds a claim that waits for its first consumer', async () => {
    await using cluster = await startScheduler();
    for (const name of ['a', 'b']) await cluster.addNode(name);
    const class_ = {
      metadata: { name: 'local' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer' as const,
    };
    await cluster.client.create(storageClasses, class_);
    const required = {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: ['b'] }] },
      ],
    };
    const volume = await cluster.client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'local',
        local: { path: '/x' },
        nodeAffinity: { required },
      },
    });
    await cluster.client.updateStatus(persistentVolumes, { ...volume, status: { phase: 'Available' } });
    await cluster.client.create(persistentVolumeClaims, {
      metadata: { name: 'c', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local', resources: { requests: { storage: '1Gi' } } },
    });
    await cluster.addPod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] });
    await cluster.settle();
    const promised = await cluster.client.get(persistentVolumes, { name: 'v' });
    assert.equal(promised.spec?.claimRef?.name, 'c');
    assert.equal((await cluster.pod('p')).status?.nominatedNodeName, 'b');
    // What the volume controller does.
    const bound = await cluster.client.get(persistentVolumeClaims, { namespace: 'default', name: 'c' });
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    await cluster.client.update(persistentVolumeClaims, {
      ...bound,
      metadata: { ...bound.metadata, annotations },
      spec: { ...bound.spec, volumeName: 'v' },
    });
    await cluster.clock.advance(2000);
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on b');
  });
});

describe('devices', () => {
  const uses = (name: string) => ({ resourceClaims: [{ name: 'gpu', resourceClaimName: name }] });

  async function withDevices(): Promise<SchedulerHarness> {
    const cluster = await startScheduler();
    for (const name of ['a', 'b']) await cluster.addNode(name);
    const selectors = [{ cel: { expression: 'device.driver == "gpu.example.com"' } }];
    await cluster.client.create(
      deviceClasses,
      asNew(deviceClass('gpu', { selectors, extendedResourceName: 'example.com/gpu' })),
    );
    await cluster.client.create(resourceSlices, asNew(slice('s', ['d0', 'd1'], { nodeName: 'b' })));
    await cluster.settle();
    return cluster;
  }

  it('are given to a claim with its first pod, and reserved for each', async () => {
    await using cluster = await withDevices();
    const created = await cluster.client.create(resourceClaims, asNew(claim('c')));
    for (const name of ['p', 'q']) {
      await cluster.addPod(name, uses('c'));
      await cluster.settle();
      assert.equal(await cluster.outcome(name), 'on b');
    }
    const { metadata, status } = await cluster.client.get(resourceClaims, { namespace: 'default', name: 'c' });
    assert.equal(metadata.uid, created.metadata.uid);
    assert.deepEqual(metadata.finalizers, ['resource.kubernetes.io/delete-protection']);
    assert.deepEqual(
      status!.reservedFor!.map(({ name }) => name),
      ['p', 'q'],
    );
    const { allocationTimestamp, ...allocation } = status!.allocation!;
    assert.match(allocationTimestamp!, /^2026-01-01T/);
    assert.deepEqual(allocation, {
      devices: { results: [{ request: 'r0', driver: 'gpu.example.com', pool: 'b', device: 'd0' }] },
      nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] },
    });
  });

  it('keep a pod waiting until there are enough', async () => {
    await using cluster = await withDevices();
    await cluster.client.create(resourceClaims, asNew(claim('c', [{ count: 3 }])));
    await cluster.addPod('p', uses('c'));
    await cluster.settle();
    assert.equal(
      await cluster.outcome('p'),
      `Unschedulable: 0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 ${NO_HELP}.`,
    );
    await cluster.client.create(resourceSlices, asNew(slice('t', ['x', 'y', 'z'], { nodeName: 'a' })));
    await cluster.clock.advance(2000);
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on a');
  });

  it('stand for an extended resource', async () => {
    await using cluster = await withDevices();
    await cluster.addPod('p', {
      requests: { 'example.com/gpu': '2' },
      containers: [
        {
          name: 'c',
          image: 'x',
          resources: { requests: { 'example.com/gpu': '2' }, limits: { 'example.com/gpu': '2' } },
        },
      ],
    });
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on b');
    const { items } = await cluster.client.list(resourceClaims, { namespace: 'default' });
    assert.equal(items.length, 1);
    const [{ metadata, spec, status }] = items as [(typeof items)[0]];
    assert.match(metadata.name, /^p-extended-resources-/);
    assert.equal(metadata.ownerReferences![0]!.name, 'p');
    assert.deepEqual(
      spec.devices!.requests!.map(({ name, exactly }) => [name, exactly!.deviceClassName, exactly!.count]),
      [['container-0-request-0', 'gpu', 2]],
    );
    assert.deepEqual(
      status!.allocation!.devices!.results!.map(({ device }) => device),
      ['d0', 'd1'],
    );
    assert.deepEqual((await cluster.pod('p')).status!.extendedResourceClaimStatus, {
      requestMappings: [{ containerName: 'c', resourceName: 'example.com/gpu', requestName: 'container-0-request-0' }],
      resourceClaimName: metadata.name,
    });
  });

  it('are waited for if they have to be made ready', async () => {
    await using cluster = await withDevices();
    const device = {
      name: 'f0',
      bindingConditions: ['Attached'],
      bindingFailureConditions: ['Failed'],
      bindsToNode: true,
    };
    await cluster.client.create(
      resourceSlices,
      asNew(slice('fabric', [device], { nodeName: 'a', driver: 'fabric.example.com' })),
    );
    await cluster.client.create(
      deviceClasses,
      asNew(deviceClass('fabric', { selectors: [{ cel: { expression: 'device.driver == "fabric.example.com"' } }] })),
    );
    await cluster.client.create(resourceClaims, asNew(claim('c', [{ deviceClassName: 'fabric' }])));
    await cluster.addPod('p', uses('c'));
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'waiting');
    assert.deepEqual(await cluster.events('p'), [
      'BindingConditionsPending: waiting for binding conditions for device on node a',
    ]);
    const allocated = await cluster.client.get(resourceClaims, { namespace: 'default', name: 'c' });
    const conditions = [
      {
        type: 'Attached',
        status: 'True' as const,
        reason: 'Done',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const devices = [{ driver: 'fabric.example.com', pool: 'a', device: 'f0', conditions }];
    await cluster.client.updateStatus(resourceClaims, { ...allocated, status: { ...allocated.status, devices } });
    await cluster.clock.advance(6000);
    await cluster.settle();
    assert.equal(await cluster.outcome('p'), 'on a');
  });
});

describe('an extender', () => {
  /** Answers every verb with what `answers` has for it. */
  async function startExtender(answers: Readonly<Record<string, (body: Record<string, unknown>) => unknown>>) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const verb = request.url!.slice(1);
        asked.push(verb);
        response.end(
          JSON.stringify(answers[verb]!(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const urlPrefix = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { urlPrefix, asked, [Symbol.dispose]: () => void server.close() };
  }

  /** The extender answers in real time, which the test's clock does not know. */
  async function until(cluster: SchedulerHarness, isDone: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200 && !(await isDone()); tries++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await cluster.settle();
    }
  }

  it('filters and scores', async () => {
    using extender = await startExtender({
      filter: ({ NodeNames }) => ({
        NodeNames: (NodeNames as string[]).filter((name) => name !== 'a'),
        FailedNodes: { a: 'too warm' },
      }),
      prioritize: () => [
        { Host: 'b', Score: 1 },
        { Host: 'c', Score: 10 },
      ],
    });
    await using cluster = await startScheduler({
      extenders: [
        {
          urlPrefix: extender.urlPrefix,
          filterVerb: 'filter',
          prioritizeVerb: 'prioritize',
          weight: 5,
          nodeCacheCapable: true,
        },
      ],
    });
    for (const name of ['a', 'b', 'c']) await cluster.addNode(name);
    await cluster.addPod('p');
    await until(cluster, async () => (await cluster.outcome('p')) !== 'waiting');
    assert.equal(await cluster.outcome('p'), 'on c');
    assert.deepEqual(extender.asked, ['filter', 'prioritize']);
  });

  it('says why not', async () => {
    using extender = await startExtender({ filter: () => ({ nodeNames: [], failedNodes: { a: 'too warm' } }) });
    await using cluster = await startScheduler({
      extenders: [{ urlPrefix: extender.urlPrefix, filterVerb: 'filter', nodeCacheCapable: true }],
    });
    await cluster.addNode('a');
    await cluster.addPod('p');
    await until(cluster, async () => (await cluster.outcome('p')) !== 'waiting');
    assert.match(await cluster.outcome('p'), /^Unschedulable: 0\/1 nodes are available: 1 too warm\./);
  });

  it('is left out if it can be and does not answer', async () => {
    const extenders = [{ urlPrefix: 'http://127.0.0.1:1', filterVerb: 'filter', ignorable: true }];
    await using cluster = await startScheduler({ extenders });
    await cluster.addNode('a');
    await cluster.addPod('p');
    await until(cluster, async () => (await cluster.outcome('p')) !== 'waiting');
    assert.equal(await cluster.outcome('p'), 'on a');
  });

  it('binds', async () => {
    const bound: unknown[] = [];
    using extender = await startExtender({ bind: (body) => (bound.push([body['PodName'], body['Node']]), {}) });
    await using cluster = await startScheduler({ extenders: [{ urlPrefix: extender.urlPrefix, bindVerb: 'bind' }] });
    await cluster.addNode('a');
    await cluster.addPod('p');
    await until(cluster, () => Promise.resolve(bound.length > 0));
    assert.deepEqual(bound, [['p', 'a']]);
    assert.ok(!cluster.writes.some((write) => write.includes('/binding')));
  });

  it('chooses who has to go', async () => {
    using extender = await startExtender({
      preempt: ({ NodeNameToMetaVictims }) => ({
        NodeNameToMetaVictims: { a: (NodeNameToMetaVictims as Record<string, unknown>)['a'] },
      }),
    });
    await using cluster = await startScheduler({
      extenders: [{ urlPrefix: extender.urlPrefix, preemptVerb: 'preempt', nodeCacheCapable: true }],
    });
    await cluster.client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
    for (const name of ['a', 'b']) {
      await cluster.addNode(name);
      await cluster.addPod(`on-${name}`, { nodeName: name, requests: { cpu: name === 'a' ? '3500m' : '3' } });
    }
    await cluster.settle();
    await cluster.addPod('important', { priorityClassName: 'high', requests: { cpu: '2' } });
    await until(cluster, async () => (await cluster.outcome('important')).startsWith('on '));
    assert.equal(await cluster.outcome('important'), 'on a');
    assert.equal(await cluster.outcome('on-b'), 'on b');
  });
});
