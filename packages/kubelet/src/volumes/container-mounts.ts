import type { Pod, VolumeMount } from '@kts/api/types/core-v1';
import type { ImageSpec, Mount, MountPropagation } from '@kts/host-cri';
import { ContainerConfigError } from '../environment/container-environment.ts';
import { expandReferences } from '../environment/expansion.ts';
import type { NodeHost } from '../host/node-host.ts';
import type { AnyContainer } from '../pod/containers.ts';
import { resolveRecursiveReadOnly } from './recursive-read-only.ts';
import { bindSubPath } from './sub-path.ts';
import type { MountedVolume } from './volume-manager.ts';

export interface ContainerMountInputs {
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly podDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly supportsRecursiveReadOnly: boolean;
  readonly volume: (name: string) => MountedVolume | undefined;
  /** Images of image volumes that the runtime mounts itself. */
  readonly imageVolumes: ReadonlyMap<string, ImageSpec>;
}

const PROPAGATION: Readonly<Record<string, MountPropagation>> = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

/**
 * The container's volume mounts, in the order of its spec. Throws ContainerConfigError.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, makeMounts (v1.36)
 */
export async function containerMounts(host: NodeHost, inputs: ContainerMountInputs): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, mount] of (inputs.container.volumeMounts ?? []).entries()) {
    mounts.push(await containerMount(host, inputs, mount, index));
  }
  return mounts;
}

async function containerMount(
  host: NodeHost,
  inputs: ContainerMountInputs,
  mount: VolumeMount,
  index: number,
): Promise<Mount> {
  const containerName = inputs.container.name;
  const volume = inputs.volume(mount.name);
  if (!volume) {
    throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${containerName}"`);
  }
  const subPath = resolveSubPath(mount, inputs.environment);
  const recursive = resolveRecursiveReadOnly(mount, inputs.supportsRecursiveReadOnly);
  if (typeof recursive === 'string') {
    throw new ContainerConfigError(`failed to resolve recursive read-only mode: ${recursive}`);
  }
  const image = inputs.imageVolumes.get(mount.name);
  const hostPath = image
    ? ''
    : subPath === ''
      ? volume.path
      : await bindSubPath(host, {
          podDirectory: inputs.podDirectory,
          volumeName: mount.name,
          volumePath: volume.path,
          subPath,
          containerName,
          index,
        });
  return {
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    hostPath,
    readonly: (mount.readOnly ?? false) || volume.readOnly,
    recursiveReadOnly: recursive,
    propagation: PROPAGATION[mount.mountPropagation ?? 'None'] ?? 'PROPAGATION_PRIVATE',
    ...(image ? { image, imageSubPath: subPath } : {}),
  };
}

function resolveSubPath(mount: VolumeMount, environment: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const subPath = mount.subPathExpr
    ? expandReferences(mount.subPathExpr, (name) => {
        const value = environment.get(name) ?? '';
        if (value === '') missing.add(name);
        return value;
      })
    : (mount.subPath ?? '');
  if (missing.size > 0) throw new ContainerConfigError(`missing value for ${[...missing].toSorted().join(', ')}`);
  if (subPath.startsWith('/'))
    throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..')) {
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  }
  return subPath;
}
