import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { clusterNamespaces } from './network-plan.ts';
import { mountsBelow } from './tear-down-nodes.ts';

describe('mountsBelow', () => {
  const line = (path: string): string => `36 35 98:0 / ${path} rw,noatime - tmpfs tmpfs rw`;

  it('lists what is mounted below a directory, innermost first, with spaces as they are', () => {
    const mountinfo = [line('/'), line('/data'), line('/data/a'), line('/data/a/b\\040c'), line('/data-2/x'), ''].join(
      '\n',
    );
    assert.deepEqual(mountsBelow(mountinfo, ['/data', '/run/kts/a']), ['/data/a/b c', '/data/a']);
  });
});

describe('clusterNamespaces', () => {
  it('takes those of the cluster only, however the names of others begin', () => {
    const names = ['kts-a-1', 'kts-a-12', 'kts-a-b-1', 'kts-ab-1', 'kts-a-1-1', 'cni-1'];
    assert.deepEqual(clusterNamespaces('a', names), ['kts-a-1', 'kts-a-12']);
    assert.deepEqual(clusterNamespaces('a-1', names), ['kts-a-1-1']);
  });
});
