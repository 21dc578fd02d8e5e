import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimePodSummary } from '../runtime/runtime-reader.ts';
import { runtimeChanges } from './runtime-watch.ts';

function pods(states: Readonly<Record<string, 'running' | 'exited'>>): ReadonlyMap<string, RuntimePodSummary> {
  const summary: RuntimePodSummary = {
    uid: 'uid-1',
    name: 'p',
    namespace: 'default',
    createdAtMs: 0,
    states: new Map(Object.entries(states)),
    sandboxIds: [],
    containerIds: Object.keys(states),
    hasRunning: true,
  };
  return new Map([['uid-1', summary]]);
}

test('what started, ended or went', () => {
  assert.deepEqual(runtimeChanges(pods({ a: 'running', b: 'running' }), pods({ a: 'exited', c: 'running' })), [
    { type: 'ended', uid: 'uid-1', id: 'a' },
    { type: 'ended', uid: 'uid-1', id: 'b' },
    { type: 'changed', uid: 'uid-1' },
  ]);
});

test('nothing happens to what had ended before', () => {
  assert.deepEqual(runtimeChanges(pods({ a: 'exited' }), pods({ a: 'exited' })), []);
  assert.deepEqual(runtimeChanges(pods({ a: 'exited' }), new Map()), []);
});
