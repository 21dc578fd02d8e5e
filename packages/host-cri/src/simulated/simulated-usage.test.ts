import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { UsageMeter, usageOf, type SimulatedUsage } from './simulated-usage.ts';

const MEBIBYTE = 1024 ** 2;

describe('usageOf', () => {
  const rows: [what: string, annotations: Record<string, string>, milliCores: number, mebibytes: number][] = [
    ['nothing', {}, 1, 10],
    ['both', { cpu: '250m', memory: '64Mi' }, 250, 64],
    ['one of them', { cpu: '2' }, 2000, 10],
    ['another container', { 'cpu.side': '250m' }, 1, 10],
    ['this container', { cpu: '1', 'cpu.main': '250m', 'memory.main': '1Gi' }, 250, 1024],
    ['no quantity', { cpu: 'much', memory: '' }, 1, 10],
    ['less than nothing', { cpu: '-1' }, 0, 10],
  ];
  for (const [what, annotations, milliCores, mebibytes] of rows) {
    it(what, () => {
      const named = Object.entries(annotations).map(([name, value]) => [`simulated.kts.dev/${name}`, value]);
      const usage = usageOf('main', Object.fromEntries(named) as Record<string, string>);
      assert.deepEqual(usage, { cpuNanoCores: milliCores * 1e6, memoryBytes: mebibytes * MEBIBYTE });
    });
  }
});

describe('UsageMeter', () => {
  const usage = (milliCores: number): SimulatedUsage => ({ cpuNanoCores: milliCores * 1e6, memoryBytes: MEBIBYTE });
  const SYSTEM_CORES = 0.05;

  it('adds up the time of a container, from the last look on at the new rate', () => {
    const meter = new UsageMeter<string>(0);
    meter.start('a', usage(100), 1000);
    meter.advance(() => usage(100), 3000);
    assert.equal(meter.usedBy('a').cpuNanoSeconds, 0.2e9);
    meter.advance(() => usage(1000), 4000);
    assert.equal(meter.usedBy('a').cpuNanoSeconds, 1.2e9);
  });

  it('never takes back what the machine has worked', () => {
    const meter = new UsageMeter<string>(0);
    meter.start('a', usage(500), 0);
    meter.start('b', usage(500), 0);
    const before = meter.memoryBytes();
    meter.end('a', 2000);
    meter.advance(() => usage(500), 4000);
    assert.equal(meter.cpuNanoSeconds(4000), (1 + 2 + 4 * SYSTEM_CORES) * 1e9);
    assert.equal(before - meter.memoryBytes(), MEBIBYTE);
    assert.deepEqual(meter.usedBy('a'), { cpuNanoSeconds: 0, memoryBytes: 0 });
  });
});
