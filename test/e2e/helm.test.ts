/** Helm 4 with a chart that has a hook, waiting for what it installs. Simulated nodes: Helm only sees the API. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';

const CHART = join(import.meta.dirname, 'testdata/chart');
const WAIT = '--wait --timeout 45s';

describe('helm', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('--runtime simulated --simulated-nodes 1');
  });
  after(() => cluster.remove());

  const image = (): Promise<string> =>
    cluster.kubectl('get deployment greeter -o jsonpath={.spec.template.spec.containers[0].image}');

  it('installs a chart, after its hook', async () => {
    assert.match(await cluster.helm(`install greeter ${CHART} ${WAIT}`), /STATUS: deployed/);
    assert.equal(await cluster.kubectl('get deployment greeter -o jsonpath={.status.availableReplicas}'), '2');
    assert.equal(await cluster.kubectl('get job greeter-check -o jsonpath={.status.succeeded}'), '1');
    assert.match(await cluster.helm('list'), /^greeter\s+default\s+1\s.*deployed/m);
  });

  it('upgrades it', async () => {
    const values = '--set image=kts.local/demo:v2 --set replicas=3';
    assert.match(await cluster.helm(`upgrade greeter ${CHART} ${values} ${WAIT}`), /STATUS: deployed\nREVISION: 2/);
    assert.equal(await image(), 'kts.local/demo:v2');
    assert.equal(await cluster.kubectl('get deployment greeter -o jsonpath={.status.availableReplicas}'), '3');
  });

  it('does not upgrade if the hook fails', async () => {
    await assert.rejects(
      cluster.helm(`upgrade greeter ${CHART} --set checkCommand=false --set greeting=no ${WAIT}`),
      /pre-upgrade hooks failed/,
    );
    assert.equal(await cluster.kubectl('get configmap greeter -o jsonpath={.data.greeting}'), 'hello');
  });

  it('rolls back', async () => {
    await cluster.helm(`rollback greeter 1 ${WAIT}`);
    assert.equal(await image(), 'kts.local/demo:v1');
    assert.match(await cluster.helm('history greeter'), /^4\s.*deployed.*Rollback to 1/m);
  });

  it('uninstalls everything but the hook', async () => {
    await cluster.helm(`uninstall greeter ${WAIT}`);
    assert.equal(await cluster.kubectl('get deployments,configmaps,services -l app=greeter -o name'), '');
    assert.doesNotMatch(await cluster.helm('list'), /greeter/);
  });
});
