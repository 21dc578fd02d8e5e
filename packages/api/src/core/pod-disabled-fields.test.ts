import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Draft } from '@kts/apimachinery';

import type { Container, PodSpec } from '../gen/core-v1.gen.ts';
import { dropDisabledPodFields } from './pod-disabled-fields.ts';

function dropped(lifecycle: Container['lifecycle'], old?: Container['lifecycle']): Container['lifecycle'] {
  const specWith = (one: Container['lifecycle']): PodSpec => ({
    containers: [{ name: 'a', ...(one ? { lifecycle: one } : {}) }],
  });
  const spec: Draft<PodSpec> = JSON.parse(JSON.stringify(specWith(lifecycle)));
  dropDisabledPodFields(spec, old && specWith(old));
  return spec.containers[0]!.lifecycle;
}

test('stop signals are dropped, and the lifecycle with the last of its fields', () => {
  const preStop = { exec: { command: ['a'] } };
  assert.equal(dropped({ stopSignal: 'SIGKILL' }), undefined);
  assert.deepEqual(dropped({ stopSignal: 'SIGKILL', preStop }), { preStop });
  assert.deepEqual(dropped({}), {});
  assert.deepEqual(dropped({ stopSignal: 'SIGTERM' }, { stopSignal: 'SIGKILL' }), { stopSignal: 'SIGTERM' });
});
