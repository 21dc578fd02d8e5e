import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { flowSchemas } from '@kts/api';
import type { FlowSchema } from '@kts/api/types/flowcontrol-v1';
import { silentLogger } from '@kts/base';
import { settle } from '@kts/base/testing';

import { startTestApiServer } from '../testing/index.ts';
import { FlowStatuses, planDanglingCondition } from './flow-statuses.ts';

const NOW = '2026-01-01T00:00:00Z';
const schemaOf = (level: string): FlowSchema => ({
  metadata: { name: 's' } as FlowSchema['metadata'],
  spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: 1000 },
});
const EXISTS = 'This FlowSchema references the PriorityLevelConfiguration object named "l" and it exists';
const MISSING =
  'This FlowSchema references the PriorityLevelConfiguration object named "l" but there is no such object';

describe('flow schemas', () => {
  const rows: readonly [levels: readonly string[], status: string, reason: string, message: string][] = [
    [['k', 'l'], 'False', 'Found', EXISTS],
    [['k'], 'True', 'NotFound', MISSING],
  ];
  for (const [levels, status, reason, message] of rows) {
    it(`with levels ${levels.join(' and ')}: dangling is ${status}, told once`, () => {
      const condition = planDanglingCondition(schemaOf('l'), new Set(levels), NOW)!;
      assert.deepEqual(condition, { type: 'Dangling', status, reason, message, lastTransitionTime: NOW });
      const told = { ...schemaOf('l'), status: { conditions: [condition] } };
      assert.equal(planDanglingCondition(told, new Set(levels), NOW), undefined);
    });
  }

  it('are told when their level comes, but not again at once', async () => {
    await using server = await startTestApiServer();
    const { client, clock } = server;
    const statuses = new FlowStatuses({ client: () => client, clock, log: silentLogger });
    const stop = new AbortController();
    const running = statuses.run(stop.signal);
    const events = client.watch(flowSchemas, { fieldSelector: 'metadata.name=s' });
    const next = async (): Promise<FlowSchema> => (await events.next()).value.object;
    const take = (schema: FlowSchema, ...levels: string[]): void =>
      statuses.take({ schemas: new Map([['s', schema]]), levels: new Set(levels) });

    await client.create(flowSchemas, schemaOf('l'));
    take(await next());
    const told = await next();
    assert.equal(told.status?.conditions?.[0]?.reason, 'NotFound');
    take(told, 'l');
    await settle();
    assert.deepEqual(await client.get(flowSchemas, { name: 's' }), told);
    await clock.advance(10_000);
    const { metadata, status } = await next();
    assert.equal(status?.conditions?.[0]?.reason, 'Found');
    assert.equal(metadata.managedFields?.[0]?.operation, 'Apply');
    await events.return?.();
    stop.abort();
    await running;
  });
});
