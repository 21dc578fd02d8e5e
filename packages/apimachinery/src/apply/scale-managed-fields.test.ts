import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ManagedFieldsEntry } from '../gen/meta-v1.gen.ts';
import { fromScaleManagedFields, toScaleManagedFields } from './scale-managed-fields.ts';

const PATHS = { 'apps/v1': ['spec', 'replicas'] };
const replicas = { 'f:spec': { 'f:replicas': {} } };

function entry(manager: string, apiVersion: string, fieldsV1: object, more: object = {}): ManagedFieldsEntry {
  return { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1, ...more } as ManagedFieldsEntry;
}

const owner = entry('m', 'apps/v1', { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } });

test('the scale shows who owns the replicas', () => {
  const other = entry('n', 'apps/v1', { 'f:spec': { 'f:paused': {} } });
  assert.deepEqual(toScaleManagedFields([owner, other], PATHS), [entry('m', 'autoscaling/v1', replicas)]);
});

test('a write of the scale takes the replicas from their owner', () => {
  const scaled = entry('hpa', 'autoscaling/v1', replicas, { operation: 'Update', subresource: 'scale' });
  assert.deepEqual(fromScaleManagedFields([owner], [scaled], 'apps/v1', PATHS), [
    entry('m', 'apps/v1', { 'f:spec': { 'f:paused': {} } }),
    entry('hpa', 'apps/v1', replicas, { operation: 'Update', subresource: 'scale' }),
  ]);
});

test('an owner who keeps the replicas keeps the entry', () => {
  const kept = toScaleManagedFields([owner], PATHS);
  assert.deepEqual(fromScaleManagedFields([owner], kept, 'apps/v1', PATHS), [owner]);
});
