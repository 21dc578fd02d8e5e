/** What claims have left. Mirrors: pkg/kubelet/metrics/collectors/volume_stats.go (v1.36) */
import type { VolumeDisk } from '../stats/pod-disk.ts';
import type { MetricFamily } from './metric-text.ts';

export function volumeMetrics(volumes: readonly VolumeDisk[]): readonly MetricFamily[] {
  // Several pods may use one claim.
  const claims = new Map(
    volumes.flatMap((volume) =>
      volume.claim ? [[`${volume.claim.namespace}/${volume.claim.name}`, volume] as const] : [],
    ),
  );
  const family = (name: string, help: string, value: (volume: VolumeDisk) => number): MetricFamily => ({
    name: `kubelet_volume_stats_${name}`,
    help: `[ALPHA] ${help}`,
    type: 'gauge',
    samples: [...claims.values()].map((volume) => ({
      labels: { namespace: volume.claim!.namespace, persistentvolumeclaim: volume.claim!.name },
      value: value(volume),
    })),
  });
  return [
    family('available_bytes', 'Number of available bytes in the volume', ({ disk }) => disk.availableBytes),
    family('capacity_bytes', 'Capacity in bytes of the volume', ({ disk }) => disk.capacityBytes),
    family('inodes', 'Maximum number of inodes in the volume', ({ disk }) => disk.inodes),
    family('inodes_free', 'Number of free inodes in the volume', ({ disk }) => disk.inodesFree),
    family('inodes_used', 'Number of used inodes in the volume', ({ used }) => used.inodes),
    family('used_bytes', 'Number of used bytes in the volume', ({ used }) => used.bytes),
  ];
}
