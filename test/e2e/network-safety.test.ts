/** No packet for a pod or Service address leaves the machine, whether anything answers there or not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';
import { run, succeed } from './harness/command.ts';
import { cannotRunContainers } from './harness/requirements.ts';
import { onNode } from './harness/web.ts';

/** Addresses of the cluster's ranges that nothing has, and one of the outside world. */
const UNUSED_SERVICE = '10.96.200.200';
const UNUSED_POD = '10.244.250.250';
const OUTSIDE = '192.0.2.1';
const WATCHED = 'kts-e2e-watch';
/** Exit codes of wget that was refused, and of one that `timeout` has ended. */
const NO_ANSWER: ReadonlySet<number> = new Set([1, 143]);

describe('the network of a real node', { skip: cannotRunContainers }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('--nodes 1');
    await cluster.kubectl('run client --image=kts.local/demo:v1');
    await cluster.waitFor('pod/client --for=condition=Ready');
  });
  after(() => cluster.remove());

  it('has no way out', async () => {
    assert.equal(await onNode(cluster, 1, ['ip', 'route', 'show', 'default']), '');
    assert.equal(await onNode(cluster, 1, ['ip', '-6', 'route', 'show', 'default']), '');
    await assert.rejects(onNode(cluster, 1, ['ip', 'route', 'get', OUTSIDE]), /Network is unreachable/);
  });

  it('sends nothing to unused addresses out of the machine', async () => {
    const table = await countUplinkPackets(cluster);
    try {
      for (const address of [UNUSED_SERVICE, UNUSED_POD, OUTSIDE]) {
        const fetch = ['timeout', '1', 'wget', '-q', '-O', '-', `http://${address}`];
        const fromPod = await cluster.tryKubectl(['exec', 'client', '--', ...fetch]);
        assert.ok(NO_ANSWER.has(fromPod.code), `a pod asked ${address}: exit code ${fromPod.code}`);
        const shell = ['sh', '-c', `busybox ${fetch.join(' ')}`];
        const fromNode = await run(['ip', 'netns', 'exec', `kts-${cluster.name}-1`, ...shell]);
        assert.ok(NO_ANSWER.has(fromNode.code), `the node asked ${address}: exit code ${fromNode.code}`);
      }
      const counters = await succeed(['nft', 'list', 'table', 'inet', table]);
      assert.match(counters, /packets 0 bytes 0/);
      assert.doesNotMatch(counters, /packets [1-9]/);
    } finally {
      await succeed(['nft', 'delete', 'table', 'inet', table]);
    }
  });
});

/** Counts what would leave by any interface but the loopback and the cluster's bridges. Returns the table's name. */
async function countUplinkPackets(cluster: TestCluster): Promise<string> {
  const table = `${WATCHED}-${cluster.name}`;
  const rules = `
    table inet ${table} {
      chain postrouting {
        type filter hook postrouting priority 300; policy accept;
        oifname != "lo" oifname != "ktsbr*" ip daddr { 10.96.0.0/16, 10.244.0.0/16, ${OUTSIDE} } counter
      }
    }`;
  await succeed(['nft', '-f', '-'], { input: rules });
  return table;
}
