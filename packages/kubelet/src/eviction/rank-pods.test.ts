import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import { aContainer, aPod } from '../testing/pods.ts';
import type { PodUsage } from './pod-usage.ts';
import { rankPods } from './rank-pods.ts';
import type { Signal } from './thresholds.ts';

interface Candidate {
  readonly name: string;
  readonly priority?: number;
  readonly requests?: Readonly<Record<string, string>>;
  /** `undefined`: nothing is known of the pod. */
  readonly usage?: Partial<PodUsage> | undefined;
}

const disk = (bytes: number, inodes = 1) => ({ bytes, inodes });
const container = (writableLayer: number, logs = 0) => ({
  containers: [{ name: 'c', writableLayer: disk(writableLayer), logs: disk(logs) }],
});
const volume = (bytes: number, inodes = 1) => ({ volumes: new Map([['v', disk(bytes, inodes)]]) });

function ranked(signal: Signal, candidates: readonly Candidate[], dedicatedImageFs = false): readonly string[] {
  const pods: Pod[] = candidates.map(({ name, priority = 0, requests = {} }) =>
    aPod({ priority, containers: [aContainer('c', { resources: { requests } })] }, { name, uid: name }),
  );
  const usages = new Map(
    candidates.flatMap(({ name, usage }): [string, PodUsage][] =>
      usage ? [[name, { containers: [], volumes: new Map(), ...usage }]] : [],
    ),
  );
  return rankPods(pods, usages, signal, dedicatedImageFs).map(({ metadata }) => metadata.name);
}

describe('the order in which pods go', () => {
  const table: readonly (readonly [string, Signal, readonly Candidate[], readonly string[]])[] = [
    [
      'memory: who uses more than was asked for',
      'memory.available',
      [
        { name: 'within', requests: { memory: '1000' }, usage: { memoryBytes: 900 } },
        { name: 'beyond', requests: { memory: '100' }, usage: { memoryBytes: 101 } },
      ],
      ['beyond', 'within'],
    ],
    [
      'memory: then by priority',
      'memory.available',
      [
        { name: 'important', priority: 10, usage: { memoryBytes: 900 } },
        { name: 'usual', usage: { memoryBytes: 1 } },
      ],
      ['usual', 'important'],
    ],
    [
      'memory: then by how much more',
      'memory.available',
      [
        { name: 'little', requests: { memory: '800' }, usage: { memoryBytes: 900 } },
        { name: 'much', requests: { memory: '100' }, usage: { memoryBytes: 300 } },
      ],
      ['much', 'little'],
    ],
    [
      'memory: exceeding counts more than priority',
      'memory.available',
      [
        { name: 'within', requests: { memory: '100' }, usage: { memoryBytes: 50 } },
        { name: 'beyond', priority: 1000, usage: { memoryBytes: 1 } },
      ],
      ['beyond', 'within'],
    ],
    [
      'unknown pods go first',
      'memory.available',
      [{ name: 'known', usage: { memoryBytes: 9e9 } }, { name: 'unknown' }],
      ['unknown', 'known'],
    ],
    [
      'processes: by priority, then by their number',
      'pid.available',
      [
        { name: 'important', priority: 1, usage: { processes: 1000 } },
        { name: 'few', usage: { processes: 3 } },
        { name: 'many', usage: { processes: 30 } },
      ],
      ['many', 'few', 'important'],
    ],
    [
      'disk: everything on it counts',
      'nodefs.available',
      [
        { name: 'layers', usage: container(10) },
        { name: 'logs', usage: container(0, 20) },
        { name: 'volumes', usage: volume(30) },
      ],
      ['volumes', 'logs', 'layers'],
    ],
    [
      'disk: who stays within the request goes last',
      'nodefs.available',
      [
        { name: 'within', requests: { 'ephemeral-storage': '100' }, usage: volume(90) },
        { name: 'beyond', usage: volume(1) },
      ],
      ['beyond', 'within'],
    ],
    [
      'inodes',
      'nodefs.inodesFree',
      [
        { name: 'bytes', usage: volume(1e9, 2) },
        { name: 'files', usage: volume(1, 2000) },
      ],
      ['files', 'bytes'],
    ],
  ];
  for (const [name, signal, candidates, order] of table) {
    test(name, () => {
      assert.deepEqual(ranked(signal, candidates), order);
      assert.deepEqual(ranked(signal, candidates.toReversed()), order);
    });
  }

  test('with a file system for images, each counts what is on it', () => {
    const candidates = [
      { name: 'layers', usage: container(100) },
      { name: 'volumes', usage: volume(50) },
    ];
    assert.deepEqual(ranked('imagefs.available', candidates, true), ['layers', 'volumes']);
    assert.deepEqual(ranked('nodefs.available', candidates, true), ['volumes', 'layers']);
  });
});
