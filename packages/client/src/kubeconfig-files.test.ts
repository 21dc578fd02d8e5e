import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { accessFromKubeconfig, loadKubeconfig } from './kubeconfig-files.ts';

function config(server: string, user: string, current: string): string {
  return `
apiVersion: v1
kind: Config
current-context: ${current}
clusters: [{name: c, cluster: {server: "${server}", certificate-authority: ca.crt}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: ${current}, context: {cluster: c, user: u, namespace: shop}}]
`;
}

describe('kubeconfig files', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kts-kubeconfig-'));
    writeFileSync(join(directory, 'ca.crt'), 'CA');
    writeFileSync(join(directory, 'token'), 'secret\n');
    writeFileSync(join(directory, 'one'), config('https://one:6443', 'tokenFile: token', 'first'));
    writeFileSync(join(directory, 'two'), config('https://two:6443', 'token: other', 'second'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('names files relative to its own directory', () => {
    assert.deepEqual(accessFromKubeconfig(join(directory, 'one')), {
      server: 'https://one:6443',
      namespace: 'shop',
      authority: Buffer.from('CA'),
      token: 'secret',
    });
  });

  it('the first of several files counts', () => {
    const merged = loadKubeconfig([join(directory, 'one'), join(directory, 'two')]);
    assert.equal(merged.currentContext, 'first');
    assert.deepEqual(
      merged.clusters.map(({ cluster }) => cluster.server),
      ['https://one:6443'],
    );
    assert.deepEqual(merged.contexts.map(({ name }) => name).toSorted(), ['first', 'second']);
  });

  it('a context that is not there is an error', () => {
    assert.throws(() => accessFromKubeconfig(join(directory, 'one'), 'third'), { name: 'KubeconfigError' });
  });
});
