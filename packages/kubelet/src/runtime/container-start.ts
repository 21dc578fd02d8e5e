import type { Pod } from '@kts/api/types/core-v1';
import type { AnyContainer } from '../pod/containers.ts';
import { shouldContainerRestart } from '../pod/restart-policy.ts';
import { findRecord, type PodRuntimeStatus } from './pod-runtime-status.ts';

/**
 * Whether a container that does not run is to be started (again).
 *
 * Mirrors: pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted (v1.36)
 */
export function shouldContainerBeStarted(pod: Pod, status: PodRuntimeStatus, container: AnyContainer): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const record = findRecord(status, container.name);
  switch (record?.state) {
    case undefined:
    case 'unknown':
    case 'created':
      return true;
    case 'running':
      return false;
    case 'exited':
      return shouldContainerRestart(container, pod.spec, record!.exitCode);
  }
}
