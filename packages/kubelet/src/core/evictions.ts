import type { ImageService } from '@kts/host-cri';
import { EvictionManager } from '../eviction/eviction-manager.ts';
import { parseThresholds } from '../eviction/thresholds.ts';
import { podReference } from '../pod/containers.ts';
import { collectGarbage, type HousekeepingDeps } from './housekeeping.ts';

/** The part of the kubelet that evicts pods, connected to the others. */
export function createEvictionManager(
  deps: HousekeepingDeps & { readonly images: ImageService; readonly announce: (message: string) => void },
): EvictionManager {
  const { config, parts, runtime, host, clock, log, images, announce } = deps;
  const { workers, volumes, events, shared, imageCollector } = parts;
  return new EvictionManager({
    thresholds: parseThresholds(config),
    transitionMs: config.evictionPressureTransitionPeriodMs,
    maxPodGraceSeconds: config.evictionMaxPodGracePeriod,
    enforceLocalStorage: config.localStorageCapacityIsolation,
    rootDirectory: config.rootDirectory,
    podLogsDir: config.podLogsDir,
    machine: host.machine,
    files: host.files,
    runtime,
    images,
    clock,
    log,
    volumePath: (uid, volume) => volumes.mounted(uid, volume)?.path,
    activePods: () => parts.activePods().filter((pod) => !workers.isTerminationRequested(pod.metadata.uid)),
    evict: (pod, eviction, gracePeriodSeconds, cause) => {
      parts.meter.count('kubelet_evictions', { eviction_signal: cause });
      events.record(podReference(pod), 'Warning', eviction.reason, eviction.message);
      workers.update({ type: 'kill', pod, kill: { gracePeriodSeconds, eviction } });
    },
    isGone: (pod) => workers.isTerminated(pod.metadata.uid),
    announce,
    reclaimDisk: async (signal) => {
      await collectGarbage(deps, signal);
      await imageCollector.removeUnused(signal);
    },
    onConditions: (conditions) => {
      shared.pressures = conditions;
    },
  });
}
