/** Workloads on simulated nodes: every controller, the scheduler and real kubelets, without a container. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';
import { eventually } from './harness/eventually.ts';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName?: string };
    readonly status: { readonly podIP?: string };
  }[];
}

const NODES = 10;
const PODS = 100;

describe(`${PODS} pods on ${NODES} simulated nodes`, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster(`--runtime simulated --simulated-nodes ${NODES}`);
  });
  after(() => cluster.remove());

  /** A workload whose only container has this command. */
  const workload = (
    apiVersion: string,
    kind: string,
    name: string,
    spec: object,
    command: readonly string[],
    restartPolicy = 'Always',
  ): object => ({
    apiVersion,
    kind,
    metadata: { name },
    spec: {
      ...spec,
      template: {
        metadata: { labels: { app: name } },
        spec: { restartPolicy, containers: [{ name: 'main', image: 'kts.local/demo:v1', command }] },
      },
    },
  });
  const selecting = (name: string): object => ({ selector: { matchLabels: { app: name } } });
  const podsOf = async (name: string): Promise<PodList['items']> =>
    (await cluster.get<PodList>(`pods -l app=${name}`)).items;

  it('has all nodes Ready', async () => {
    await cluster.waitFor('nodes --all --for=condition=Ready');
    assert.equal((await cluster.kubectl('get nodes -o name')).trim().split('\n').length, NODES);
  });

  it('spreads a Deployment over all nodes, each pod with its own address', async () => {
    await cluster.kubectl(`create deployment web --image=kts.local/demo:v1 --replicas=${PODS}`);
    await cluster.rollout('deployment/web');
    const pods = await podsOf('web');
    assert.equal(pods.length, PODS);
    assert.equal(new Set(pods.map((pod) => pod.spec.nodeName)).size, NODES);
    assert.equal(new Set(pods.map((pod) => pod.status.podIP)).size, PODS);
  });

  it('rolls out a new image, and back', async () => {
    const image = (): Promise<string> =>
      cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}');
    await cluster.kubectl('set image deployment/web demo=kts.local/demo:v2');
    await cluster.rollout('deployment/web');
    await cluster.kubectl('rollout undo deployment/web');
    await cluster.rollout('deployment/web');
    await cluster.waitFor('deployment/web --for=jsonpath={.status.replicas}=100');
    assert.match(await cluster.kubectl('rollout history deployment/web'), /^2 [^]*^3 /m);
    await eventually(async () => assert.deepEqual([...new Set((await image()).split(' '))], ['kts.local/demo:v1']));
  });

  it('scales down', async () => {
    await cluster.kubectl('scale deployment web --replicas=3');
    await eventually(async () => assert.equal((await podsOf('web')).length, 3));
  });

  it('runs a Job to its end', async () => {
    const spec = { completions: 3, parallelism: 2 };
    await cluster.apply(workload('batch/v1', 'Job', 'sum', spec, ['true'], 'Never'));
    await cluster.waitFor('job/sum --for=condition=Complete');
    assert.equal(await cluster.kubectl('get job sum -o jsonpath={.status.succeeded}'), '3');
  });

  it('gives up on a Job that keeps failing', async () => {
    await cluster.apply(workload('batch/v1', 'Job', 'broken', { backoffLimit: 0 }, ['false'], 'Never'));
    await cluster.waitFor('job/broken --for=condition=Failed');
    const reason = await cluster.kubectl('get job broken -o jsonpath={.status.conditions[?(@.type=="Failed")].reason}');
    assert.equal(reason, 'BackoffLimitExceeded');
  });

  it('makes Jobs of a CronJob on demand', async () => {
    await cluster.kubectl([
      'create',
      'cronjob',
      'nightly',
      '--image=kts.local/demo:v1',
      '--schedule=0 0 1 1 *',
      '--',
      'true',
    ]);
    await cluster.kubectl('create job once --from=cronjob/nightly');
    await cluster.waitFor('job/once --for=condition=Complete');
  });

  it('runs a StatefulSet in order, with stable names', async () => {
    const spec = { replicas: 3, serviceName: 'db', ...selecting('db') };
    await cluster.apply(workload('apps/v1', 'StatefulSet', 'db', spec, ['sleep', '1000']));
    await cluster.rollout('statefulset/db');
    assert.deepEqual(
      (await podsOf('db')).map((pod) => pod.metadata.name),
      ['db-0', 'db-1', 'db-2'],
    );
    await cluster.kubectl('delete pod db-1 --wait=true');
    await cluster.rollout('statefulset/db');
    await cluster.waitFor('pod/db-1 --for=condition=Ready');
  });

  it('runs a pod of a DaemonSet on every node', async () => {
    await cluster.apply(workload('apps/v1', 'DaemonSet', 'agent', selecting('agent'), ['sleep', '1000']));
    await cluster.rollout('daemonset/agent');
    assert.equal(new Set((await podsOf('agent')).map((pod) => pod.spec.nodeName)).size, NODES);
  });

  it('shows what nodes and pods use, as annotations say', async () => {
    assert.equal((await cluster.kubectl('top nodes --no-headers')).trim().split('\n').length, NODES);
    await cluster.kubectl(
      'annotate pods -l app=agent simulated.kts.dev/cpu=250m simulated.kts.dev/memory=100Mi --overwrite',
    );
    await eventually(async () => {
      const lines = (await cluster.kubectl('top pods -l app=agent --containers --no-headers')).trim().split('\n');
      assert.equal(lines.length, NODES);
      for (const line of lines) assert.match(line, /^agent-\w+ +main +250m +100Mi *$/);
    });
    const { stderr } = await cluster.tryKubectl('top pod none');
    assert.match(stderr, /\(NotFound\): pods "none" not found/);
  });

  it('says why a pod fits nowhere', async () => {
    await cluster.kubectl([
      'run',
      'huge',
      '--image=kts.local/demo:v1',
      '--overrides',
      '{"spec":{"containers":[{"name":"huge","image":"kts.local/demo:v1","resources":{"requests":{"cpu":"1k"}}}]}}',
    ]);
    await cluster.waitFor('pod/huge --for=jsonpath={.status.conditions[0].reason}=Unschedulable');
    await eventually(async () =>
      assert.match(
        await cluster.kubectl('get events --field-selector involvedObject.name=huge'),
        /FailedScheduling.*0\/10 nodes are available: 10 Insufficient cpu\./,
      ),
    );
  });

  it('deletes a namespace with everything in it', async () => {
    await cluster.kubectl('create namespace team');
    await cluster.kubectl('create configmap plans -n team');
    await cluster.kubectl('create deployment web -n team --image=kts.local/demo:v1 --replicas=0');
    await cluster.kubectl('delete namespace team');
    assert.match((await cluster.tryKubectl('get namespace team')).stderr, /NotFound/);
  });

  it('deletes what a Deployment owns with it', async () => {
    await cluster.kubectl('delete deployment web --cascade=foreground');
    assert.equal(await cluster.kubectl('get replicasets -l app=web -o name'), '');
    await eventually(async () => assert.deepEqual(await podsOf('web'), []));
  });
});
