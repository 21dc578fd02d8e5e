import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodStatus } from '@kts/api/types/core-v1';
import { planPodStatus, type PodStatusChange } from './pod-status.ts';
import { pod } from './testing/index.ts';

const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' };
const since = '1970-01-01T00:00:01Z';
const told = { ...condition, lastTransitionTime: since };

type Case = readonly [name: string, status: PodStatus, change: PodStatusChange, expected: object | undefined];

const cases: readonly Case[] = [
  [
    'a new condition',
    {},
    { condition },
    { conditions: [{ ...condition, lastTransitionTime: '1970-01-01T00:00:05Z' }] },
  ],
  ['the same condition', { conditions: [told] }, { condition }, undefined],
  [
    'another message',
    { conditions: [told] },
    { condition: { ...condition, message: 'x' } },
    { conditions: [{ ...told, message: 'x' }] },
  ],
  ['a nomination', {}, { nominatedNode: 'n' }, { nominatedNodeName: 'n' }],
  ['the same nomination', { nominatedNodeName: 'n' }, { nominatedNode: 'n' }, undefined],
  ['a nomination taken back', { nominatedNodeName: 'n' }, { nominatedNode: '' }, { nominatedNodeName: null }],
  ['no nomination to take back', {}, { nominatedNode: '' }, undefined],
];

describe('planPodStatus', () => {
  for (const [name, status, change, expected] of cases) {
    it(name, () => {
      assert.deepEqual(planPodStatus(pod('p', { status }), change, 5000), expected && { status: expected });
    });
  }
});
