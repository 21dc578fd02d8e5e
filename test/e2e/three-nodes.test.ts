/** Three real nodes on one machine, each with its own network and containerd. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';
import { eventually } from './harness/eventually.ts';
import { cannotRunContainers } from './harness/requirements.ts';
import { fetchFromPod } from './harness/web.ts';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName: string };
    readonly status: { readonly podIP: string };
  }[];
}

const NODES = 3;
/** One pod on each node, kept apart by a topology spread constraint that must be met. */
const SPREAD = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${NODES}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector: {matchLabels: {app: web}}
      containers:
      - {name: demo, image: 'kts.local/demo:v1'}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

const AGENTS = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: demo, image: 'kts.local/demo:v1'}
---
apiVersion: v1
kind: Service
metadata: {name: agents}
spec:
  selector: {app: agent}
  ports: [{port: 80, targetPort: 8080}]
`;

describe(`${NODES} real nodes`, { skip: cannotRunContainers }, () => {
  let cluster: TestCluster;
  let pods: PodList['items'];
  before(async () => {
    cluster = await startTestCluster(`--nodes ${NODES}`);
    await cluster.apply(SPREAD);
    await cluster.rollout('deployment/web');
    pods = (await cluster.get<PodList>('pods -l app=web')).items;
  });
  after(() => cluster.remove());

  it('are Ready, each with its own address and pods', async () => {
    assert.equal((await cluster.waitFor('nodes --all --for=condition=Ready')).trim().split('\n').length, NODES);
    assert.equal(new Set(pods.map((pod) => pod.spec.nodeName)).size, NODES);
    const ranges = await cluster.kubectl('get nodes -o jsonpath={.items[*].spec.podCIDR}');
    assert.equal(new Set(ranges.split(' ')).size, NODES);
  });

  it('let every pod reach every other by address', async () => {
    for (const from of pods)
      for (const to of pods)
        assert.equal(
          await fetchFromPod(cluster, from.metadata.name, `http://${to.status.podIP}:8080`),
          `kts demo v1 on ${to.metadata.name}\n`,
        );
  });

  it('let every pod reach a Service by address and by name, and all pods behind it', async () => {
    const address = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    for (const { metadata } of pods)
      for (const host of [address, 'web', 'web.default.svc.cluster.local'])
        assert.match(
          await eventually(() => fetchFromPod(cluster, metadata.name, `http://${host}`)),
          /^kts demo v1 on web-/,
        );
    const answers = new Set<string>();
    await eventually(async () => {
      answers.add(await fetchFromPod(cluster, pods[0]!.metadata.name, `http://${address}`));
      assert.equal(answers.size, NODES);
    });
  });

  it('each run a pod of a DaemonSet, that every other reaches by the name of their Service', async () => {
    await cluster.apply(AGENTS);
    await cluster.rollout('daemonset/agent');
    const agents = (await cluster.get<PodList>('pods -l app=agent')).items;
    assert.equal(new Set(agents.map((agent) => agent.spec.nodeName)).size, NODES);
    const names = agents.map((agent) => agent.metadata.name);
    for (const from of names) {
      const answers = new Set<string>();
      await eventually(async () => {
        answers.add(await fetchFromPod(cluster, from, 'http://agents'));
        assert.deepEqual([...answers].toSorted(), names.map((name) => `kts demo v1 on ${name}\n`).toSorted());
      });
    }
  });

  it('empty one that is drained', async () => {
    const [{ spec }] = pods as readonly [PodList['items'][number]];
    await cluster.kubectl(`drain ${spec.nodeName} --ignore-daemonsets --timeout=45s`);
    await cluster.rollout('deployment/web');
    const nodes = (await cluster.get<PodList>('pods -l app=web')).items.map((pod) => pod.spec.nodeName);
    assert.equal(nodes.length, NODES);
    assert.ok(!nodes.includes(spec.nodeName), nodes.join(' '));
    await cluster.kubectl(`uncordon ${spec.nodeName}`);
  });
});
