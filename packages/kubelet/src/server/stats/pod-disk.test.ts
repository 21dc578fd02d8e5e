import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMetrics } from '../metrics/metric-text.ts';
import { volumeMetrics } from '../metrics/volume-metrics.ts';
import { createFakeHost } from '../../testing/fake-host.ts';
import { aPod } from '../../testing/pods.ts';
import { claimDisk, podDisk } from './pod-disk.ts';
import { summarize } from './summary.ts';

const pod = aPod({
  volumes: [
    { name: 'work', emptyDir: {} },
    { name: 'fast', emptyDir: { medium: 'Memory' } },
    { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'node', hostPath: { path: '/etc' } },
    { name: 'missing', emptyDir: {} },
  ],
});
const DISK = { capacityBytes: 1000, availableBytes: 500, usedBytes: 400, inodes: 10, inodesFree: 4 };

async function setUp() {
  const host = createFakeHost({ disk: DISK });
  const write = async (path: string, bytes: number): Promise<void> => {
    await host.files.makeDirectory(path.slice(0, path.lastIndexOf('/')), 0o755);
    await host.files.writeFile(path, new Uint8Array(bytes), 0o644);
  };
  await write('/v/work/file', 100);
  await write('/v/fast/file', 50);
  await write('/v/data/file', 7);
  await write('/logs/default_p_uid-1/c/0.log', 30);
  const { machine, files } = host;
  const volumePath = (_uid: string, name: string) => (name === 'missing' ? undefined : `/v/${name}`);
  return { machine, files, podLogsDir: '/logs', volumePath };
}

test('what a pod has on disks: its logs, and its volumes but those of the node', async () => {
  const { logs, volumes } = await podDisk(pod, await setUp());
  assert.equal(logs.get('c')?.bytes, 30);
  assert.deepEqual(
    volumes.map(({ name, claim, isEphemeral, used }) => [name, claim?.name, isEphemeral, used.bytes]),
    [
      ['work', undefined, true, 100],
      ['fast', undefined, false, 50],
      ['data', 'claim', false, 400],
    ],
  );
});

test('what a summary shows of it', async () => {
  const disk = await podDisk(pod, await setUp());
  const labels = { 'io.kubernetes.pod.uid': 'uid-1', 'io.kubernetes.container.name': 'c' };
  const stats = {
    attributes: { id: 'c', labels, annotations: {} },
    cpu: { timestamp: 0, usageCoreNanoSeconds: { value: 1 } },
    writableLayer: { timestamp: 0, usedBytes: { value: 5 }, inodesUsed: { value: 2 } },
  };
  const node = { nowMs: 0, memoryBytes: 1, availableMemoryBytes: 1, disk: DISK, processes: { max: 1, running: 1 } };
  const input = { nodeName: 'n', node, pods: [pod], containers: [stats], sandboxes: [] };
  const [shown] = summarize({ ...input, disks: new Map([['uid-1', disk]]) }).pods;
  assert.equal(shown?.containers[0]?.logs?.usedBytes, 30);
  assert.equal(shown?.['ephemeral-storage']?.usedBytes, 135);
  assert.deepEqual(
    shown?.volume?.map(({ name, pvcRef, usedBytes, capacityBytes }) => [name, pvcRef?.name, usedBytes, capacityBytes]),
    [
      ['work', undefined, 100, 1000],
      ['fast', undefined, 50, 1000],
      ['data', 'claim', 400, 1000],
    ],
  );
  assert.equal(summarize(input).pods[0]?.volume, undefined, 'nobody asked');
});

test('what claims have left, each counted once', async () => {
  const volumes = await claimDisk(pod, await setUp());
  const text = formatMetrics(volumeMetrics([...volumes, ...volumes]));
  const labels = '{namespace="default",persistentvolumeclaim="claim"}';
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('kubelet')),
    [
      `kubelet_volume_stats_available_bytes${labels} 500`,
      `kubelet_volume_stats_capacity_bytes${labels} 1000`,
      `kubelet_volume_stats_inodes${labels} 10`,
      `kubelet_volume_stats_inodes_free${labels} 4`,
      `kubelet_volume_stats_inodes_used${labels} 6`,
      `kubelet_volume_stats_used_bytes${labels} 400`,
    ],
  );
});
