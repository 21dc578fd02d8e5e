import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import { formatMetrics } from '../server/metrics/metric-text.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';
import { Meter } from './meter.ts';
import { metered, operationType } from './metered-service.ts';

const textOf = (meter: Meter): string => formatMetrics(meter.families(() => true));

describe('a meter', () => {
  test('counts by labels', () => {
    const meter = new Meter();
    meter.count('kubelet_evictions', { eviction_signal: 'memory.available' });
    meter.count('kubelet_evictions', { eviction_signal: 'memory.available' });
    meter.count('kubelet_evictions', { eviction_signal: 'pid.available' });
    assert.equal(
      textOf(meter),
      [
        '# HELP kubelet_evictions [ALPHA] Cumulative number of pod evictions by eviction signal',
        '# TYPE kubelet_evictions counter',
        'kubelet_evictions{eviction_signal="memory.available"} 2',
        'kubelet_evictions{eviction_signal="pid.available"} 1',
        '',
      ].join('\n'),
    );
  });

  test('sorts what it has measured into buckets', () => {
    const meter = new Meter();
    for (const seconds of [0.001, 0.3, 20]) {
      meter.observe('kubelet_pod_worker_duration_seconds', { operation_type: 'sync' }, seconds);
    }
    const lines = textOf(meter).split('\n');
    for (const line of [
      '_bucket{operation_type="sync",le="0.005"} 1',
      '_bucket{operation_type="sync",le="0.25"} 1',
      '_bucket{operation_type="sync",le="0.5"} 2',
      '_bucket{operation_type="sync",le="+Inf"} 3',
      '_sum{operation_type="sync"} 20.301',
      '_count{operation_type="sync"} 3',
    ]) {
      assert.ok(lines.includes(`kubelet_pod_worker_duration_seconds${line}`), line);
    }
  });

  test('forgets what is gone', () => {
    const meter = new Meter();
    meter.count('prober_probe_total', { pod_uid: 'a' });
    meter.count('prober_probe_total', { pod_uid: 'b' });
    meter.forget('prober_probe_total', ({ pod_uid: uid }) => uid === 'a');
    assert.match(textOf(meter), /prober_probe_total\{pod_uid="b"\} 1\n$/);
    assert.doesNotMatch(textOf(meter), /"a"/);
  });
});

describe('a metered service', () => {
  const names: readonly (readonly [string, string])[] = [
    ['version', 'version'],
    ['createContainer', 'create_container'],
    ['runPodSandbox', 'run_podsandbox'],
    ['podSandboxStatus', 'podsandbox_status'],
    ['listPodSandbox', 'list_podsandbox'],
    ['execSync', 'exec_sync'],
    ['imageFsInfo', 'image_fs_info'],
  ];
  for (const [method, expected] of names) {
    test(`${method} counts as ${expected}`, () => assert.equal(operationType(method), expected));
  }

  test('answers as before, and counts what it did and what failed', async () => {
    const clock = new FakeClock();
    const meter = new Meter();
    const service = metered(
      {
        stopContainer: async (name: string) => `stopped ${name}`,
        startContainer: () => Promise.reject(new Error('no')),
      },
      meter,
      clock,
    );
    assert.equal(await service.stopContainer('c'), 'stopped c');
    await assert.rejects(service.startContainer(), { message: 'no' });
    const text = textOf(meter);
    assert.match(text, /operations_total\{operation_type="stop_container"\} 1/);
    assert.match(text, /operations_total\{operation_type="start_container"\} 1/);
    assert.match(text, /operations_errors_total\{operation_type="start_container"\} 1/);
    assert.doesNotMatch(text, /operations_errors_total\{operation_type="stop_container"\}/);
  });

  test('a kubelet counts how containers end', async () => {
    await using fixture = await KubeletFixture.start();
    fixture.runtime.play({ containers: { c: { exitAfterMs: 1000, exitCode: 139 } } });
    await fixture.createPod('job', { restartPolicy: 'Never' });
    await fixture.clock.advance(10_000);
    const text = formatMetrics(fixture.kubelet.api.metrics());
    const labels = 'container_type="container",exit_code="139",reason="Error"';
    assert.ok(text.includes(`\nkubelet_terminated_containers_total{${labels}} 1\n`), text);
  });

  test('a kubelet shows what it has done', async () => {
    await using fixture = await KubeletFixture.start();
    await fixture.createPod('web', {
      containers: [
        { name: 'c', image: 'example.com/app:1', livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } },
      ],
    });
    await fixture.clock.advance(10_000);
    const text = formatMetrics(fixture.kubelet.api.metrics());
    assert.match(text, /^kubelet_started_pods_total 1$/m);
    assert.match(text, /^kubelet_started_containers_total\{container_type="container"\} 1$/m);
    assert.match(text, /^kubelet_runtime_operations_total\{operation_type="run_podsandbox"\} 1$/m);
    assert.match(text, /^kubelet_pod_worker_duration_seconds_count\{operation_type="create"\} 1$/m);
    assert.match(text, /^prober_probe_total\{probe_type="Liveness",result="successful",container="c",pod="web",/m);
  });
});
