import assert from 'node:assert/strict';
import { test } from 'node:test';

import { componentStatuses } from '@kts/api';

import { failureOf, startTestApiServer } from '../testing/index.ts';

test('what can only be listed says that it cannot be watched', async () => {
  await using server = await startTestApiServer();
  const watch = async (): Promise<void> => {
    for await (const _event of server.client.watch(componentStatuses, {})) return;
  };
  const error = await failureOf(watch());
  assert.equal(error.code, 405);
  assert.equal(error.message, 'watch is not supported on resources of kind "componentstatuses"');
});
