import type { Pod } from '@kts/api/types/core-v1';
import type { ContainerConfig, Device, ImageSpec, Mount, NamespaceOption } from '@kts/host-cri';
import { expandReferences } from '../environment/expansion.ts';
import type { AnyContainer } from '../pod/containers.ts';
import { containerAnnotations, containerLabels } from './container-labels.ts';
import { containerLinuxResources, type ResourceSettings } from './linux-resources.ts';
import { containerSecurityContext, type ImageUser, type SecuritySettings } from './security-context.ts';

export interface ContainerInputs {
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly restartCount: number;
  readonly image: ImageSpec;
  readonly imageUser: ImageUser;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  /** Names of devices that the runtime knows by itself. */
  readonly cdiDevices: readonly string[];
  /** From devices; the kubelet's own come on top. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly namespaces: NamespaceOption;
  /** The container whose processes an ephemeral container joins. */
  readonly targetContainerId?: string;
}

/**
 * The container that the runtime is to make.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go, generateContainerConfig (v1.36)
 */
export function containerConfig(
  inputs: ContainerInputs,
  settings: { readonly resources: ResourceSettings; readonly security: SecuritySettings },
): ContainerConfig {
  const { pod, container, restartCount } = inputs;
  const expand = (text: string): string => expandReferences(text, (name) => inputs.environment.get(name));
  const namespaces = joinTarget(inputs.namespaces, inputs.targetContainerId);
  const { uids = [], gids = [] } = namespaces.usernsOptions ?? {};
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: inputs.image,
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? '',
    envs: [...inputs.environment].map(([key, value]) => ({ key, value: new TextEncoder().encode(value) })),
    mounts: inputs.mounts.map((mount) => ({ ...mount, uidMappings: uids, gidMappings: gids })),
    devices: inputs.devices,
    ...(inputs.cdiDevices.length > 0 ? { cDIDevices: inputs.cdiDevices.map((name) => ({ name })) } : {}),
    labels: containerLabels(pod, container),
    annotations: { ...inputs.annotations, ...containerAnnotations(pod, container, restartCount) },
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: containerLinuxResources(pod, container, settings.resources),
      securityContext: containerSecurityContext(pod, container, inputs.imageUser, namespaces, settings.security),
    },
  };
}

function joinTarget(namespaces: NamespaceOption, targetId: string | undefined): NamespaceOption {
  if (targetId === undefined || namespaces.pid !== 'CONTAINER') return namespaces;
  return { ...namespaces, pid: 'TARGET', targetId };
}
