/** `kill -9` of the whole program: nothing that was acknowledged is lost, and what runs goes on running. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';
import { succeed } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { cannotRunContainers } from './harness/requirements.ts';

const PODS = 10;
const KILLS = 3;

describe('a cluster that is killed', { skip: cannotRunContainers }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('--nodes 1');
  });
  after(() => cluster.remove());

  /** Process ids of running containers, by container id. */
  async function runningContainers(): Promise<ReadonlyMap<string, string>> {
    const socket = cluster.state.nodes[0]!.containerdSocket!;
    const text = await succeed(['ctr', '--address', socket, '--namespace', 'k8s.io', 'tasks', 'ls']);
    return new Map([...text.matchAll(/^(\S+) +(\d+) +RUNNING/gm)].map(([, id, pid]) => [id!, pid!]));
  }

  it('keeps its containers running, and takes them over again', async () => {
    await cluster.kubectl('run steady --image=kts.local/demo:v1');
    await cluster.waitFor('pod/steady --for=condition=Ready');
    const running = await runningContainers();
    assert.equal(running.size, 2, 'the pod has a sandbox and a container');
    await cluster.kill();
    for (const pid of running.values()) assert.ok(existsSync(`/proc/${pid}`));
    await cluster.up();
    await cluster.waitFor('pod/steady --for=condition=Ready');
    assert.deepEqual(await runningContainers(), running);
    assert.equal(await cluster.kubectl('get pod steady -o jsonpath={.status.containerStatuses[0].restartCount}'), '0');
  });

  it(`completes a rollout of ${PODS} pods that is interrupted ${KILLS} times`, async () => {
    await cluster.kubectl(`create deployment web --image=kts.local/demo:v1 --replicas=${PODS}`);
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const image = kill % 2 === 0 ? 'v2' : 'v1';
      await cluster.kubectl(`set image deployment/web demo=kts.local/demo:${image}`);
      // Killed while it writes as fast as it can, at a moment that nothing has chosen.
      const target = acknowledged.length + 5;
      await eventually(async () => {
        const name = `write-${acknowledged.length}`;
        await cluster.kubectl(`create configmap ${name}`);
        acknowledged.push(name);
        assert.ok(acknowledged.length >= target);
      });
      await cluster.kill();
      await cluster.up();
      const names = await cluster.kubectl('get configmaps -o name');
      for (const name of acknowledged) assert.match(names, new RegExp(`^configmap/${name}$`, 'm'));
    }
    await cluster.rollout('deployment/web', 60);
    await eventually(async () => {
      const images = await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}');
      assert.equal(images, Array.from({ length: PODS }, () => 'kts.local/demo:v2').join(' '));
    });
  });

  it('leaves nothing behind when it is reset after a kill', async () => {
    await cluster.kill();
    assert.notDeepEqual(cluster.leftovers(), []);
    await cluster.remove();
  });
});
