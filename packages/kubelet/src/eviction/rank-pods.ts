import type { Pod } from '@kts/api/types/core-v1';
import { podRequests } from '../pod/pod-resources.ts';
import { wholeValue } from '../pod/resource-list.ts';
import { diskUsage, type DiskPart, type PodUsage } from './pod-usage.ts';
import { SIGNALS, type Signal } from './thresholds.ts';

type Usages = ReadonlyMap<string, PodUsage>;
type Comparison = (a: Pod, b: Pod) => number;

/**
 * The pods in the order in which they are to go: those of which nothing is known, then those that use more than they
 * asked for, then by priority, then by how much they use beyond what they asked for.
 *
 * Mirrors: pkg/kubelet/eviction/helpers.go, rankMemoryPressure, rankPIDPressure, rankDiskPressureFunc (v1.36)
 */
export function rankPods(
  pods: readonly Pod[],
  usages: Usages,
  signal: Signal,
  dedicatedImageFs: boolean,
): readonly Pod[] {
  const { resource } = SIGNALS[signal];
  if (resource === 'pids')
    return pods.toSorted(
      inTurn(
        byPriority,
        byAmount(usages, ({ processes }) => processes ?? 0),
      ),
    );
  const used = (usage: PodUsage): number => {
    if (resource === 'memory') return usage.memoryBytes ?? 0;
    const disk = diskUsage(usage, diskParts(signal, dedicatedImageFs));
    return resource === 'inodes' ? disk.inodes : disk.bytes;
  };
  // Upstream takes a pod's request for storage off its inodes, too.
  const requested = (pod: Pod): number =>
    wholeValue(podRequests(pod), resource === 'memory' ? 'memory' : 'ephemeral-storage');
  const exceeds = (usage: PodUsage, pod: Pod): number =>
    Number(used(usage) > (resource === 'inodes' ? 0 : requested(pod)));
  return pods.toSorted(
    inTurn(
      byAmount(usages, exceeds),
      byPriority,
      byAmount(usages, (usage, pod) => used(usage) - requested(pod)),
    ),
  );
}

/** What of a pod is on the file system that a signal is about. */
export function diskParts(signal: Signal, dedicatedImageFs: boolean): ReadonlySet<DiskPart> {
  if (!dedicatedImageFs) return new Set(['writable layers', 'logs', 'volumes']);
  return signal.startsWith('imagefs') ? new Set(['writable layers']) : new Set(['logs', 'volumes']);
}

function inTurn(...comparisons: readonly Comparison[]): Comparison {
  return (a, b) => {
    for (const compare of comparisons) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    return 0;
  };
}

const byPriority: Comparison = (a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0);

/** The largest first, and before it what is not known. */
function byAmount(usages: Usages, amount: (usage: PodUsage, pod: Pod) => number): Comparison {
  const of = (pod: Pod): number => {
    const usage = usages.get(pod.metadata.uid);
    return usage ? amount(usage, pod) : Infinity;
  };
  return (a, b) => {
    const [first, second] = [of(a), of(b)];
    return first === second ? 0 : second - first;
  };
}
