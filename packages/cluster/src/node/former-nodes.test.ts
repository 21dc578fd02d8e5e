import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { formerNodes } from './former-nodes.ts';

describe('nodes of an earlier run', () => {
  const rows: readonly (readonly [known: readonly string[], started: readonly string[], former: readonly string[]])[] =
    [
      [['kts-1', 'kts-2', 'kts-10'], ['kts-1'], ['kts-2', 'kts-10']],
      [['sim-1', 'sim-2'], ['kts-1'], ['sim-1', 'sim-2']],
      [['kts-1', 'sim-1'], ['kts-1', 'sim-1'], []],
      // Nodes that others have added to the cluster are theirs.
      [['worker-1', 'kts-1-a', 'kts', 'sim-a', 'other-1', '7'], ['kts-1'], []],
    ];
  for (const [known, started, former] of rows) {
    it(`among ${known.join(', ')} with ${started.join(', ')} are ${former.join(', ') || 'none'}`, () =>
      assert.deepEqual(formerNodes('kts', known, new Set(started)), former));
  }
});
