import assert from 'node:assert/strict';
import { test } from 'node:test';

import { thingDefinition, thingVersion } from '../testing/thing-definition.ts';
import { UnreadSchemas } from './unread-schemas.ts';

const whole = thingDefinition([thingVersion({ type: 'string' }), { name: 'v2', served: true, storage: false }]);

function counted(): { reads: number; object(): object } {
  const source = { reads: 0, object: () => (source.reads++, structuredClone(whole)) };
  return source;
}

test('schemas are read once, when somebody looks at one', () => {
  const source = counted();
  const { definition } = new UnreadSchemas(whole, source);
  assert.equal(definition.spec.names.kind, 'Thing');
  assert.equal(definition.spec.versions[1]!.schema, undefined);
  assert.equal(source.reads, 0);
  assert.deepEqual(definition, whole);
  assert.equal(definition.spec.versions[0]!.schema, definition.spec.versions[0]!.schema);
  assert.equal(source.reads, 1);
});

test('they are read where they were last seen', () => {
  const [first, second] = [counted(), counted()];
  const unread = new UnreadSchemas(whole, first);
  unread.moveTo(second);
  assert.deepEqual(unread.definition, whole);
  unread.moveTo(first);
  assert.deepEqual([first.reads, second.reads], [0, 1]);
});
