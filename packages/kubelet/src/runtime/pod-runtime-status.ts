import type { MountPropagation } from '@kts/host-cri';

/**
 * What the runtime has of one pod, in the kubelet's own terms: the input of every decision about the pod.
 */
export interface PodRuntimeStatus {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Addresses of the ready sandbox, primary first. */
  readonly ips: readonly string[];
  /** Newest first. */
  readonly sandboxes: readonly SandboxRecord[];
  /** Of all sandboxes and attempts, newest first. */
  readonly containers: readonly ContainerRecord[];
  /** The ready sandbox that the newest containers live in. */
  readonly activeSandboxId?: string;
}

export interface SandboxRecord {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** The sandbox shares the node's network. */
  readonly hostNetwork: boolean;
  /** Absent: the runtime says nothing about the network. */
  readonly ip?: string;
}

export type ContainerRunState = 'created' | 'running' | 'exited' | 'unknown';

export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly state: ContainerRunState;
  /** The name the container was made from. */
  readonly image: string;
  /** The image as the registry knows it, for `imageID` of the API. */
  readonly imageRef: string;
  readonly imageId: string;
  /** Of the spec it was made from, see `container-hash.ts`. */
  readonly hash: string;
  readonly restartCount: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly resources?: ReportedResources;
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
  readonly mounts: readonly MountRecord[];
  readonly logPath: string;
}

export interface MountRecord {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly propagation: MountPropagation;
}

/** What the runtime says a container may use. */
export interface ReportedResources {
  readonly cpuRequestMilli?: number;
  readonly cpuLimitMilli?: number;
  readonly memoryLimitBytes?: number;
}

/** The newest container of that name. */
export function findRecord(status: PodRuntimeStatus, name: string): ContainerRecord | undefined {
  return status.containers.find((record) => record.name === name);
}

export function emptyRuntimeStatus(pod: {
  readonly metadata: { readonly uid: string; readonly name: string; readonly namespace: string };
}): PodRuntimeStatus {
  const { uid, name, namespace } = pod.metadata;
  return { uid, name, namespace, ips: [], sandboxes: [], containers: [] };
}

/** `containerd://<id>`: how the API names a container. */
export function containerIdText(runtimeName: string, id: string): string {
  return `${runtimeName}://${id}`;
}
