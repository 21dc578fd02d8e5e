import assert from 'node:assert/strict';
import { test } from 'node:test';

import { declaredColumns } from './printer-columns.ts';

const column = (name: string, type: string, jsonPath: string, extra: object = {}) => ({
  name,
  type,
  jsonPath,
  ...extra,
});
const now = Date.parse('2026-01-02T00:00:00Z');

test('cells are what the paths of the columns lead to, in the type of the column', () => {
  const object = {
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { text: 'x', number: 1.5, yes: true, list: [1, { b: 1, a: 2 }], none: null },
  };
  const cases: readonly (readonly [type: string, path: string, cell: unknown])[] = [
    ['string', '.spec.text', 'x'],
    ['string', '.spec.number', '1.5'],
    ['string', '.spec.list', '[1,{"a":2,"b":1}]'],
    ['string', '.spec.missing', null],
    ['string', '.spec.none', '<no value>'],
    ['integer', '.spec.number', 1],
    ['integer', '.spec.text', null],
    ['number', '.spec.number', 1.5],
    ['boolean', '.spec.yes', true],
    ['date', '.metadata.creationTimestamp', '24h'],
    ['date', '.spec.yes', null],
  ];
  for (const [type, path, cell] of cases) {
    assert.deepEqual(declaredColumns([column('C', type, path)]).cells(object, now), [cell], `${type} ${path}`);
  }
});

test('without columns there is the age', () => {
  const none = declaredColumns(undefined);
  assert.deepEqual(
    none.columns.map(({ name }) => name),
    ['Name', 'Age'],
  );
  assert.deepEqual(none.cells({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } }, now), ['24h']);
});

test('columns have format, priority and description', () => {
  const { columns } = declaredColumns([
    column('C', 'integer', '.spec.x', { priority: 1, description: 'd', format: 'int32' }),
  ]);
  assert.deepEqual({ ...columns[1] }, { name: 'C', type: 'integer', format: 'int32', description: 'd', priority: 1 });
});
