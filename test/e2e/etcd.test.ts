/** A cluster whose objects are in a real etcd, behind TLS both ways. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { ensurePki, issueClient, memoryFiles } from '@kts/apiserver';
import { systemClock as clock, systemRandom as random } from '@kts/base';
import { cannotRunEtcd, startEtcd, type EtcdServer } from '@kts/store/testing';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';

describe('a cluster in etcd', { skip: cannotRunEtcd() ?? false }, () => {
  let directory: string;
  let etcd: EtcdServer;
  let flags: string;
  let cluster: TestCluster;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kts-etcd-pki-'));
    await writePki();
    const path = (file: string): string => join(directory, file);
    const files = ['--cert-file', path('server.crt'), '--key-file', path('server.key')];
    etcd = await startEtcd('https', ['--client-cert-auth', '--trusted-ca-file', path('ca.crt'), ...files]);
    flags = Object.entries({
      'etcd-servers': etcd.endpoint,
      'etcd-cafile': path('ca.crt'),
      'etcd-certfile': path('client.crt'),
      'etcd-keyfile': path('client.key'),
    })
      .map(([name, value]) => `--kube-apiserver-arg ${name}=${value}`)
      .join(' ');
    cluster = await startTestCluster(`--runtime simulated --nodes 0 --simulated-nodes 2 ${flags}`);
  });
  after(async () => {
    await cluster.remove();
    await etcd.remove();
    await rm(directory, { recursive: true });
  });

  async function writePki(): Promise<void> {
    const { authority, serving } = ensurePki({ files: memoryFiles(), clock, random });
    const client = issueClient({ clock, random }, authority, { commonName: 'kube-apiserver-etcd-client' });
    const write = (file: string, text: string): Promise<void> => writeFile(join(directory, file), text);
    await write('ca.crt', authority.certificate);
    for (const [name, pair] of Object.entries({ server: serving, client })) {
      await write(`${name}.crt`, pair.certificate);
      await write(`${name}.key`, pair.key);
    }
  }

  it('runs what it is told to', async () => {
    await cluster.kubectl('create deployment web --image=kts.local/demo:v1 --replicas=3');
    await cluster.rollout('deployment/web');
    await cluster.kubectl('set image deployment/web demo=kts.local/demo:v2');
    await cluster.rollout('deployment/web');
  });

  it('goes on when etcd has crashed and is back', async () => {
    await etcd.kill();
    await etcd.start();
    await cluster.kubectl('scale deployment/web --replicas=5');
    await cluster.rollout('deployment/web');
    assert.equal(await cluster.kubectl('get deployment web -o jsonpath={.status.readyReplicas}'), '5');
  });

  it('is there again after it was killed itself', async () => {
    const uid = await cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}');
    await cluster.kill();
    await cluster.up();
    assert.equal(await cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}'), uid);
  });

  it('is seen by a second API server', async () => {
    const second = await startTestCluster(`--components apiserver ${flags}`);
    try {
      await second.kubectl('create configmap from-second --from-literal=a=b');
      assert.equal(await cluster.kubectl('get configmap from-second -o jsonpath={.data.a}'), 'b');
      await cluster.kubectl('create configmap from-first --from-literal=a=c');
      assert.equal(await second.kubectl('get configmap from-first -o jsonpath={.data.a}'), 'c');
    } finally {
      await second.remove();
    }
  });
});
