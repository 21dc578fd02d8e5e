import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import type { ContainerStats, PodSandboxStats } from '@kts/host-cri';
import { formatMetrics } from '../metrics/metric-text.ts';
import { resourceMetrics } from '../metrics/resource-metrics.ts';
import { parseKernelStatistics } from './collect-stats.ts';
import { summarize, summaryJson, type NodeUsage } from './summary.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 0, 5) + 250;
const NANOS = NOW * 1e6;
const NODE: NodeUsage = {
  nowMs: NOW,
  cpuNanoSeconds: 7e9,
  memoryBytes: 1000,
  availableMemoryBytes: 400,
  disk: { capacityBytes: 100, availableBytes: 30, inodes: 10, inodesFree: 4 },
  processes: { max: 99, running: 3 },
};

const pod = (name: string): Pod =>
  ({
    metadata: { name, namespace: 'n', uid: `uid-${name}` },
    spec: { containers: [] },
    status: { startTime: '2026-01-01T00:00:00Z' },
  }) as unknown as Pod;

function container(
  podName: string,
  name: string,
  used?: { readonly cpu: number; readonly memory: number },
): ContainerStats {
  return {
    attributes: {
      id: name,
      labels: { 'io.kubernetes.pod.uid': `uid-${podName}`, 'io.kubernetes.container.name': name },
      annotations: {},
    },
    ...(used
      ? {
          cpu: { timestamp: NANOS, usageCoreNanoSeconds: { value: used.cpu }, usageNanoCores: { value: 1 } },
          memory: { timestamp: NANOS, workingSetBytes: { value: used.memory }, availableBytes: { value: 0 } },
        }
      : {}),
  };
}

const INPUT = {
  nodeName: 'node-1',
  node: NODE,
  pods: [pod('a'), pod('b'), pod('idle')],
  containers: [
    container('a', 'one', { cpu: 2e9, memory: 10 }),
    container('a', 'two', { cpu: 3e9, memory: 20 }),
    container('b', 'ended'),
    container('gone', 'other', { cpu: 1, memory: 1 }),
  ],
  sandboxes: [],
};

describe('summarize', () => {
  it('adds up the containers of the pods that run', () => {
    const { pods } = summarize(INPUT);
    assert.deepEqual(
      pods.map(({ podRef, cpu, memory, containers }) => [
        podRef.name,
        cpu?.usageCoreNanoSeconds,
        memory?.workingSetBytes,
        containers.map(({ name }) => name),
      ]),
      [['a', 5e9, 30, ['one', 'two']]],
    );
  });

  it('prefers what the runtime says about the pod as a whole', () => {
    const sandbox = {
      attributes: { id: 's', metadata: { uid: 'uid-a' }, labels: {}, annotations: {} },
      linux: {
        cpu: { timestamp: NANOS, usageCoreNanoSeconds: { value: 6e9 } },
        network: {
          timestamp: NANOS,
          defaultInterface: { name: 'eth0', rxBytes: { value: 5 } },
          interfaces: [{ name: 'eth1', txBytes: { value: 6 } }],
        },
        process: { timestamp: NANOS, processCount: { value: 2 } },
        containers: [],
      },
    } satisfies PodSandboxStats;
    const [stats] = summarize({ ...INPUT, sandboxes: [sandbox] }).pods;
    assert.equal(stats?.cpu?.usageCoreNanoSeconds, 6e9);
    assert.equal(stats.memory?.workingSetBytes, 30);
    assert.deepEqual(stats.process_stats, { process_count: 2 });
    assert.deepEqual(stats.network, {
      timeMs: NOW,
      name: 'eth0',
      rxBytes: 5,
      interfaces: [
        { name: 'eth0', rxBytes: 5 },
        { name: 'eth1', txBytes: 6 },
      ],
    });
  });

  it('shows the node with times as the API has them', () => {
    const time = '2026-01-01T00:00:05Z';
    assert.partialDeepStrictEqual(summaryJson(summarize(INPUT).node), {
      nodeName: 'node-1',
      startTime: null,
      cpu: { time, usageCoreNanoSeconds: 7e9 },
      memory: { time, availableBytes: 400, usageBytes: 600, workingSetBytes: 600 },
      fs: { time, usedBytes: 70, inodesUsed: 6 },
      rlimit: { time, maxpid: 99, curproc: 3 },
    });
  });
});

describe('resourceMetrics', () => {
  it('are the figures of the summary with their times', () => {
    const lines = formatMetrics(resourceMetrics(summarize(INPUT))).split('\n');
    const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(samples, [
      `container_cpu_usage_seconds_total{container="one",namespace="n",pod="a"} 2 ${NOW}`,
      `container_cpu_usage_seconds_total{container="two",namespace="n",pod="a"} 3 ${NOW}`,
      `container_memory_working_set_bytes{container="one",namespace="n",pod="a"} 10 ${NOW}`,
      `container_memory_working_set_bytes{container="two",namespace="n",pod="a"} 20 ${NOW}`,
      `container_start_time_seconds{container="one",namespace="n",pod="a"} 1767225600`,
      `container_start_time_seconds{container="two",namespace="n",pod="a"} 1767225600`,
      `node_cpu_usage_seconds_total 7 ${NOW}`,
      `node_memory_working_set_bytes 600 ${NOW}`,
      `pod_cpu_usage_seconds_total{namespace="n",pod="a"} 5 ${NOW}`,
      `pod_memory_working_set_bytes{namespace="n",pod="a"} 30 ${NOW}`,
      'resource_scrape_error 0',
      'scrape_error 0',
    ]);
  });

  it('say that there are none', () =>
    assert.match(formatMetrics(resourceMetrics(undefined)), /^resource_scrape_error 1$/m));
});

describe('formatMetrics', () => {
  it('escapes labels and leaves families without samples out', () => {
    const family = { help: 'Help.', type: 'gauge' } as const;
    const labels = { l: 'a"b\\c\nd' };
    const formatted = formatMetrics([
      { ...family, name: 'x', samples: [{ labels, value: 1.5 }] },
      { ...family, name: 'y', samples: [] },
    ]);
    assert.equal(formatted, '# HELP x Help.\n# TYPE x gauge\nx{l="a\\"b\\\\c\\nd"} 1.5\n');
  });
});

describe('parseKernelStatistics', () => {
  it('counts work and not waiting', () => {
    const content = 'cpu  1 2 3 400 500 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nbtime 1767225600\n';
    assert.deepEqual(parseKernelStatistics(content), { cpuNanoSeconds: 27e7, bootMs: 1767225600000 });
  });
  it('says nothing where there is nothing', () => assert.deepEqual(parseKernelStatistics(''), {}));
});
