import type { Container, ContainerStatus, Pod, PodSpec } from '@kts/api/types/core-v1';
import { containerHash } from '../runtime/container-hash.ts';
import type { ContainerRecord, PodRuntimeStatus } from '../runtime/pod-runtime-status.ts';

/** Pods and what a runtime has of them, for tests of decisions. */
export function aPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    metadata: {
      name: 'p',
      namespace: 'default',
      uid: 'uid-1',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { containers: [aContainer('c')], restartPolicy: 'Always', ...spec },
  };
}

export function aContainer(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'example.com/app:1', ...more };
}

/** A container that runs, unless told otherwise. */
export function aRecord(container: Container, more: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id: `id-${container.name}`,
    sandboxId: 'sandbox-1',
    name: container.name,
    state: 'running',
    image: container.image ?? '',
    imageRef: '',
    imageId: '',
    hash: containerHash(container),
    restartCount: 0,
    createdAtMs: 1000,
    startedAtMs: 1000,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    mounts: [],
    logPath: '',
    ...more,
  };
}

/** A ready sandbox with containers, newest first. */
export function aRuntimeStatus(
  containers: readonly ContainerRecord[],
  sandbox: { readonly ready?: boolean } = {},
): PodRuntimeStatus {
  const ready = sandbox.ready ?? true;
  return {
    uid: 'uid-1',
    name: 'p',
    namespace: 'default',
    ips: ['10.0.0.1'],
    sandboxes: [{ id: 'sandbox-1', attempt: 0, ready, createdAtMs: 500, hostNetwork: false, ip: '10.0.0.1' }],
    containers,
    ...(ready ? { activeSandboxId: 'sandbox-1' } : {}),
  };
}

export function aContainerStatus(name: string, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: 'example.com/app:1', imageID: '', ready: false, restartCount: 0, ...more };
}
