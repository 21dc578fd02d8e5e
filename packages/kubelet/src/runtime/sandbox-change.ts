import type { Pod } from '@kts/api/types/core-v1';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';

export interface SandboxChange {
  /** A new sandbox is needed. */
  readonly changed: boolean;
  readonly attempt: number;
  /** The sandbox to keep or to replace; empty if there is none. */
  readonly sandboxId: string;
}

/**
 * Whether the pod needs a new sandbox.
 *
 * Mirrors: pkg/kubelet/kuberuntime/util/util.go (v1.36)
 */
export function sandboxChange(pod: Pod, status: PodRuntimeStatus): SandboxChange {
  const newest = status.sandboxes[0];
  if (!newest) return { changed: true, attempt: 0, sandboxId: '' };
  const next = { changed: true, attempt: newest.attempt + 1, sandboxId: newest.id };
  if (status.sandboxes.filter((sandbox) => sandbox.ready).length > 1 || !newest.ready) return next;
  if (newest.hostNetwork !== (pod.spec.hostNetwork ?? false)) return { ...next, sandboxId: '' };
  if (!pod.spec.hostNetwork && newest.ip === '') return next;
  return { changed: false, attempt: newest.attempt, sandboxId: newest.id };
}
