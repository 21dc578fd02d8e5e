import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aContainer, aPod } from '../testing/pods.ts';
import {
  containerLinuxResources,
  cpuQuota,
  cpuShares,
  oomScoreAdjust,
  type ResourceSettings,
} from './linux-resources.ts';

const SETTINGS: ResourceSettings = {
  memoryBytes: 8 * 1024 ** 3,
  hugepageSizes: [],
  enforceCpuQuota: true,
  cpuPeriodUs: 100_000,
  cgroupVersion: 2,
  swapController: false,
  singleProcessOomKill: false,
};

test('shares of a CPU stay within what the kernel takes', () => {
  assert.deepEqual([0, 1, 100, 1000, 1_000_000].map(cpuShares), [2, 2, 102, 1024, 262_144]);
});

test('a quota is at least a millisecond', () => {
  assert.deepEqual(
    [0, 1, 100, 1500].map((milli) => cpuQuota(milli, 100_000)),
    [0, 1000, 10_000, 150_000],
  );
});

test('the limit counts where there is no request', () => {
  const container = aContainer('c', { resources: { limits: { cpu: '500m', memory: '64Mi' } } });
  const linux = containerLinuxResources(aPod({ containers: [container] }), container, SETTINGS);
  assert.equal(linux.cpuShares, 512);
  assert.equal(linux.cpuQuota, 50_000);
  assert.equal(linux.memoryLimitInBytes, 64 * 1024 ** 2);
  assert.deepEqual(linux.unified, { 'memory.oom.group': '1' });
});

describe('who is killed first when memory runs out', () => {
  const scoreOf = (resources: NonNullable<Parameters<typeof aContainer>[1]>['resources'], spec = {}): number => {
    const container = aContainer('c', resources ? { resources } : {});
    return oomScoreAdjust(aPod({ containers: [container], ...spec }), container, SETTINGS.memoryBytes);
  };
  const all = { cpu: '1', memory: '1Gi' };

  test('containers that asked for nothing', () => assert.equal(scoreOf(undefined), 1000));
  test('never those that have what they asked for', () => {
    assert.equal(scoreOf({ requests: all, limits: all }), -997);
  });
  test('then those that asked for little', () => {
    assert.equal(scoreOf({ requests: { memory: '4Gi' } }), 500);
    assert.equal(scoreOf({ requests: { memory: '1Mi' } }), 999);
  });
  test('never those that the node needs', () => {
    assert.equal(scoreOf(undefined, { priority: 2_000_001_000, priorityClassName: 'system-node-critical' }), -997);
  });
});
