import type { Pod } from '@kts/api/types/core-v1';
import type { Device, ImageSpec, Mount } from '@kts/host-cri';
import type { AnyContainer } from '../pod/containers.ts';
import type { SandboxSettings } from './sandbox-config.ts';

/** What pods get from the rest of the kubelet when they are started. Rejects with errors that are shown to users. */
export interface RunOptions {
  runtimeHandler(pod: Pod, signal: AbortSignal): Promise<string>;
  sandboxSettings(pod: Pod, signal: AbortSignal): Promise<SandboxSettings>;
  containerOptions(
    pod: Pod,
    container: AnyContainer,
    podIPs: readonly string[],
    imageVolumes: ReadonlyMap<string, ImageSpec>,
    signal: AbortSignal,
  ): Promise<ContainerOptions>;
}

export interface ContainerOptions {
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of devices that the runtime knows by itself. */
  readonly cdiDevices: readonly string[];
}
