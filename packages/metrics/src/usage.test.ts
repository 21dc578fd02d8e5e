import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { NodeSample, UsagePoint } from './node-sample.ts';
import { addSample, nodeUsage, podUsage, type NodeSamples } from './usage.ts';

const POD = 'default/web';

/** A point with the processor's time in milliseconds. */
const point = (atMs: number, cpuMs: number, startMs = 0): UsagePoint => ({
  atMs,
  startMs,
  cpuNanoSeconds: cpuMs * 1e6,
  memoryBytes: 1024,
});
const sample = (containers: Readonly<Record<string, UsagePoint>>, node?: UsagePoint): NodeSample => ({
  ...(node ? { node } : {}),
  pods: new Map([[POD, new Map(Object.entries(containers))]]),
});
const samples = (...all: readonly NodeSample[]): NodeSamples =>
  all.reduce<NodeSamples | undefined>((before, each) => addSample(before, each), undefined)!;

describe('usage of a container', () => {
  const LONG_AGO = 1;
  const rows: [what: string, points: UsagePoint[], cpuMilliCores: number | undefined, windowMs?: number][] = [
    ['two samples', [point(100_000, 1000, LONG_AGO), point(115_000, 4000, LONG_AGO)], 200, 15_000],
    [
      'the newer two of three',
      [point(70_000, 0, LONG_AGO), point(100_000, 1000, LONG_AGO), point(101_000, 1100, LONG_AGO)],
      100,
      1000,
    ],
    ['one sample', [point(100_000, 1000, LONG_AGO)], undefined],
    ['one sample of a container that is 10 s old', [point(100_000, 1000, 90_000)], 100, 10_000],
    ['one sample of a container that is 9 s old', [point(100_000, 1000, 91_000)], undefined],
    ['one sample of a container that is 60 s old', [point(100_000, 1000, 40_000)], undefined],
    ['a container that was started again', [point(100_000, 1000, LONG_AGO), point(115_000, 10, 110_000)], undefined],
    ['one that was started again 10 s ago', [point(100_000, 1000, LONG_AGO), point(115_000, 50, 105_000)], 5, 10_000],
    ['samples that lie too far apart', [point(100_000, 1000, LONG_AGO), point(160_001, 2000, LONG_AGO)], undefined],
    ['a counter that was set back', [point(100_000, 1000, LONG_AGO), point(115_000, 900, LONG_AGO)], undefined],
    [
      'the same point again',
      [point(90_000, 0, LONG_AGO), point(100_000, 1000, LONG_AGO), point(100_000, 1000, LONG_AGO)],
      100,
      10_000,
    ],
  ];
  for (const [what, points, cpuMilliCores, windowMs] of rows) {
    it(what, () => {
      const usage = podUsage(samples(...points.map((one) => sample({ main: one }))), POD);
      assert.deepEqual(
        usage?.containers.map((one) => [one.name, one.cpuNanoCores / 1e6, one.windowMs, one.memoryBytes]),
        cpuMilliCores === undefined ? undefined : [['main', cpuMilliCores, windowMs, 1024]],
      );
    });
  }

  it('a pod waits for the last of its containers', () => {
    const first = sample({ main: point(100_000, 1000, 1) });
    const second = sample({ main: point(115_000, 2000, 1), side: point(115_000, 1, 110_000) });
    const third = sample({ main: point(130_000, 3000, 1), side: point(129_000, 15, 110_000) });
    assert.equal(podUsage(samples(first, second), POD), undefined);
    const usage = podUsage(samples(first, second, third), POD);
    assert.deepEqual([usage?.containers.length, usage?.atMs, usage?.windowMs], [2, 129_000, 14_000]);
  });

  it('nothing is known of other pods', () => {
    assert.equal(podUsage(samples(sample({})), 'default/other'), undefined);
  });
});

describe('usage of a node', () => {
  const rows: [what: string, points: (UsagePoint | undefined)[], cpuMilliCores: number | undefined][] = [
    ['two samples', [point(100_000, 1000), point(101_000, 1500)], 500],
    ['one sample', [point(100_000, 1000)], undefined],
    ['a machine that was started again', [point(100_000, 1000), point(115_000, 10)], undefined],
    ['a kubelet that did not know before', [undefined, point(100_000, 1000)], undefined],
  ];
  for (const [what, points, cpuMilliCores] of rows) {
    it(what, () => {
      const usage = nodeUsage(samples(...points.map((one) => sample({}, one))));
      assert.equal(usage && usage.cpuNanoCores / 1e6, cpuMilliCores);
    });
  }
});
