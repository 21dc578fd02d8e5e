import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { expired, failure, tooManyRequests } from '@kts/apimachinery';

import { initialReflectorState, stepReflector, type ReflectorInput, type ReflectorState } from './reflector-state.ts';

/** Where the machine stands, in a line. */
function show(state: ReflectorState): string {
  switch (state.phase) {
    case 'list':
      return `list ${state.from || 'newest'}`;
    case 'watch':
      return `watch ${state.resourceVersion}`;
    case 'wait':
      return `wait ${state.ms} then ${show(state.next)}`;
  }
}

function run(...inputs: readonly ReflectorInput[]): string {
  return show(inputs.reduce((state, input) => stepReflector(state, input, 0, 0), initialReflectorState));
}

const listed: ReflectorInput = { type: 'listed', resourceVersion: '10' };
const waited: ReflectorInput = { type: 'waited' };
const ended: ReflectorInput = { type: 'watch ended', resourceVersion: '12', events: 2, lastedMs: 5 };
const empty: ReflectorInput = { type: 'watch ended', resourceVersion: '10', events: 0, lastedMs: 5 };
const watchFailed = (error: unknown): ReflectorInput => ({ type: 'watch failed', resourceVersion: '12', error });
const listFailed = (error: unknown): ReflectorInput => ({ type: 'list failed', error });
const tooLarge = failure('Timeout', 'Too large resource version', {
  causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
});

describe('stepReflector', () => {
  const rows: readonly [string, readonly ReflectorInput[], string][] = [
    ['lists anything first', [], 'list 0'],
    ['watches from the list', [listed], 'watch 10'],
    ['goes on where a watch ended', [listed, ended], 'watch 12'],
    ['an empty watch that ended at once counts as failed', [listed, empty], 'wait 800 then list 10'],
    ['an expired watch lists at least what was seen', [listed, watchFailed(expired('old'))], 'wait 800 then list 12'],
    ['a refused watch is tried again', [listed, watchFailed(tooManyRequests('busy', 1))], 'wait 800 then watch 12'],
    ['a broken watch is tried again', [listed, watchFailed(new Error('reset'))], 'wait 800 then watch 12'],
    ['a failed list is tried again', [listFailed(new Error('refused'))], 'wait 800 then list 0'],
    ['waits grow', [listFailed(new Error('x')), waited, listFailed(new Error('x'))], 'wait 1600 then list 0'],
    [
      'an expired list asks for the newest at once',
      [listed, watchFailed(expired('x')), waited, listFailed(expired('x'))],
      'list newest',
    ],
    ['a server that is behind is asked for the newest at once', [listFailed(tooLarge)], 'list newest'],
    ['and if that fails too it waits', [listFailed(tooLarge), listFailed(tooLarge)], 'wait 800 then list newest'],
  ];
  for (const [name, inputs, expected] of rows) test(name, () => assert.equal(run(...inputs), expected));

  test('the back-off starts anew after a quiet time, and chance doubles it at most', () => {
    let state = stepReflector(initialReflectorState, listFailed(new Error('x')), 0, 0);
    state = stepReflector(stepReflector(state, waited, 800, 0), listFailed(new Error('x')), 900, 1);
    assert.equal(show(state), 'wait 3200 then list 0');
    state = stepReflector(stepReflector(state, waited, 4000, 0), listFailed(new Error('x')), 200_000, 0);
    assert.equal(show(state), 'wait 800 then list 0');
  });
});
