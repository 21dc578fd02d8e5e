import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseNodeSample } from './node-sample.ts';

const NOW = 5000;
const labels = (container: string, pod = 'web'): string =>
  `{container="${container}",namespace="default",pod="${pod}"}`;
const container = (name: string, cpu: number, memory: number, pod?: string): string => `
container_cpu_usage_seconds_total${labels(name, pod)} ${cpu} 4000
container_memory_working_set_bytes${labels(name, pod)} ${memory} 4000
container_start_time_seconds${labels(name, pod)} 1.5`;

describe('parseNodeSample', () => {
  it('reads the node and its containers', () => {
    const text = `# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 12.5 4000
node_memory_working_set_bytes 1.048576e+06 4000${container('main', 0.25, 1024)}${container('side', 1e-3, 2048)}
pod_cpu_usage_seconds_total{namespace="default",pod="web"} 7 4000
resource_scrape_error 0
`;
    const { node, pods } = parseNodeSample(text, NOW);
    assert.deepEqual(node, { atMs: 4000, startMs: 0, cpuNanoSeconds: 12.5e9, memoryBytes: 1_048_576 });
    assert.deepEqual(
      [...pods],
      [
        [
          'default/web',
          new Map([
            ['main', { atMs: 4000, startMs: 1500, cpuNanoSeconds: 250_000_000, memoryBytes: 1024 }],
            ['side', { atMs: 4000, startMs: 1500, cpuNanoSeconds: 1_000_000, memoryBytes: 2048 }],
          ]),
        ],
      ],
    );
  });

  it('takes series without a time for those of now', () => {
    const { node } = parseNodeSample('node_cpu_usage_seconds_total 1\nnode_memory_working_set_bytes 1\n', NOW);
    assert.equal(node?.atMs, NOW);
  });

  const incomplete: [what: string, text: string][] = [
    ['a container without processor time', container('main', 0, 1024)],
    ['a container without memory', container('main', 1, 0)],
    ['one of two containers', container('main', 1, 1024) + container('side', 0, 0)],
    ['a start alone', `container_start_time_seconds${labels('main')} 1`],
  ];
  for (const [what, text] of incomplete) {
    it(`leaves out a pod with ${what}`, () => {
      const { pods } = parseNodeSample(`${text}${container('main', 1, 1, 'other')}\n`, NOW);
      assert.deepEqual([...pods.keys()], ['default/other']);
    });
  }

  it('leaves out a node that is not known whole', () => {
    assert.equal(parseNodeSample('node_cpu_usage_seconds_total 1\n', NOW).node, undefined);
    assert.equal(parseNodeSample('', NOW).node, undefined);
  });
});
