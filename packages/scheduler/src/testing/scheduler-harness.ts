import { eventsV1, namespaces, nodes, pods } from '@kts/api';
import type { Node, NodeSpec, Pod, PodSpec } from '@kts/api/types/core-v1';
import { ADMIN, startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import { parseTime } from '@kts/apimachinery';
import { assert, silentLogger, TaskGroup } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client, type Transport } from '@kts/client';
import type { KubeSchedulerConfiguration } from '../configuration/kube-scheduler-configuration.ts';
import { createScheduler, type SchedulerComponent } from '../scheduler.ts';

/** A real API server on a memory store and a scheduler, on one clock that only the test moves. */
export interface SchedulerHarness extends AsyncDisposable {
  readonly client: Client;
  readonly clock: FakeClock;
  readonly scheduler: SchedulerComponent;
  /** Requests of the scheduler since the start that write something: `VERB path`. */
  readonly writes: readonly string[];
  /** Lets the scheduler work until nothing changes any more; time moves on by a little. */
  settle(): Promise<void>;
  addNode(name: string, options?: NodeOptions): Promise<Node>;
  addPod(name: string, options?: PodOptions): Promise<Pod>;
  pod(name: string): Promise<Pod>;
  /** Where it is, or why it is nowhere. */
  outcome(name: string): Promise<string>;
  /** `REASON: note` of the events about the pod. */
  events(podName: string): Promise<readonly string[]>;
}

export interface NodeOptions extends Partial<NodeSpec> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
}

export interface PodOptions extends Partial<Omit<PodSpec, 'resources'>> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

const STEP_MS = 20;
const QUIET_STEPS = 4;
const STEPS_MAX = 500;

export async function startScheduler(
  configuration: KubeSchedulerConfiguration = {},
  turn?: Promise<void>,
): Promise<SchedulerHarness> {
  const clock = new FakeClock(parseTime('2026-01-01T00:00:00Z'));
  const server = await startTestApiServer({ clock, log: silentLogger });
  const { client } = server;
  const writes: string[] = [];
  const deps = {
    client: new Client(recording(server, writes)),
    clock,
    random: server.random,
    log: silentLogger,
    ...(turn && { turn }),
  };
  const scheduler = createScheduler(configuration, deps);
  const stop = new AbortController();
  const group = new TaskGroup(stop.signal);
  group.start((signal) => scheduler.run(signal));
  const settle = (): Promise<void> => settled(server, clock);
  await settle();
  await scheduler.ready;
  return {
    client,
    clock,
    scheduler,
    writes,
    settle,
    addNode: (name, options) => addNode(client, name, options),
    addPod: (name, options) => addPod(client, name, options),
    pod: (name) => client.get(pods, { namespace: 'default', name }),
    outcome: async (name) => {
      const { spec, status } = await client.get(pods, { namespace: 'default', name });
      if (spec.nodeName) return `on ${spec.nodeName}`;
      const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
      return condition === undefined ? 'waiting' : `${condition.reason}: ${condition.message}`;
    },
    events: async (podName) => {
      const { items } = await client.list(eventsV1, { namespace: 'default' });
      const own = items.filter(({ regarding }) => regarding?.name === podName);
      return own.map(({ reason, note }) => `${reason}: ${note}`);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await group.done();
      await server.close();
    },
  };
}

async function settled({ client }: TestApiServer, clock: FakeClock): Promise<void> {
  let last = '';
  for (let quiet = 0, steps = 0; quiet < QUIET_STEPS; steps++) {
    assert(steps < STEPS_MAX, 'the scheduler does not come to rest');
    await clock.advance(STEP_MS);
    const { metadata } = await client.list(namespaces);
    quiet = metadata.resourceVersion === last ? quiet + 1 : 0;
    last = metadata.resourceVersion ?? '';
  }
}

function recording(server: TestApiServer, writes: string[]): Transport {
  const transport = server.transportFor(ADMIN);
  return {
    request: (request) => {
      if (request.method !== 'GET') writes.push(`${request.method} ${request.path}`);
      return transport.request(request);
    },
    watch: (request) => transport.watch(request),
    stream: (request) => transport.stream(request),
    close: () => transport.close(),
  };
}

async function addNode(
  client: Client,
  name: string,
  { labels, allocatable, ...spec }: NodeOptions = {},
): Promise<Node> {
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable };
  const metadata = { name, labels: { 'kubernetes.io/hostname': name, ...labels } };
  const node = await client.create(nodes, { metadata, spec });
  const status = { ...node.status, capacity: amounts, allocatable: amounts };
  // What admission adds until a node controller finds the node ready.
  const ready = { ...node, spec: { ...node.spec, taints: spec.taints ?? [] } };
  const updated = await client.update(nodes, ready);
  return client.updateStatus(nodes, { ...updated, status });
}

function addPod(client: Client, name: string, { labels, requests, ...spec }: PodOptions = {}): Promise<Pod> {
  return client.create(pods, {
    metadata: { name, namespace: 'default', ...(labels && { labels }) },
    spec: {
      containers: [{ name: 'c', image: 'x', ...(requests && { resources: { requests } }) }],
      terminationGracePeriodSeconds: 0,
      ...spec,
    },
  });
}
