import type { Clock, Logger } from '@kts/base';
import { formatTime } from '@kts/base';
import type { Container, RuntimeService } from '@kts/host-cri';
import type { FileSystem } from '../host/file-system.ts';
import {
  CONTAINER_NAME_LABEL,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
} from '../runtime/container-labels.ts';

const COMPRESSED = '.gz';
const TEMPORARY = '.tmp';

export interface RotationPlan {
  /** What is left of a rotation that was broken off, and the oldest logs beyond the limit. */
  readonly remove: readonly string[];
  readonly compress: readonly string[];
}

/**
 * What to do with the rotated logs of a container before another one joins them. `filesMax` counts the one that is
 * written to and the one that is rotated now.
 *
 * Mirrors: pkg/kubelet/logs/container_log_manager.go, rotateLog (v1.36)
 */
export function planRotation(rotated: readonly string[], filesMax: number): RotationPlan {
  const isUsed = (name: string): boolean =>
    !name.endsWith(TEMPORARY) && (name.endsWith(COMPRESSED) || !rotated.includes(`${name}${COMPRESSED}`));
  const used = rotated.filter(isUsed).toSorted();
  const excess = Math.max(0, used.length - Math.max(0, filesMax - 2));
  return {
    remove: [...rotated.filter((name) => !isUsed(name)), ...used.slice(0, excess)],
    compress: used.slice(excess).filter((name) => !name.endsWith(COMPRESSED)),
  };
}

/** `20260102-150405` in UTC: names in the order of time. */
export function rotationStamp(now: number): string {
  return formatTime(now).replaceAll(/[-:Z]/g, '').replace('T', '-');
}

export interface LogRotationDeps {
  readonly runtime: RuntimeService;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  readonly podLogsDir: string;
  readonly bytesMax: number;
  readonly filesMax: number;
}

/** Rotates the logs of running containers that have become too large. */
export async function rotateLogs(deps: LogRotationDeps, signal: AbortSignal): Promise<void> {
  const filter = { state: { state: 'CONTAINER_RUNNING' as const } };
  const { containers } = await deps.runtime.listContainers({ filter }, { signal });
  for (const container of containers) {
    if (container.state !== 'CONTAINER_RUNNING') continue;
    try {
      await rotateIfLarge(container, deps, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      deps.log.warn('failed to rotate the log of a container', { id: container.id, error });
    }
  }
}

async function rotateIfLarge(container: Container, deps: LogRotationDeps, signal: AbortSignal): Promise<void> {
  const { runtime, files, bytesMax } = deps;
  const { directory, name } = logOf(container, deps.podLogsDir);
  const info = await files.stat(`${directory}/${name}`);
  if (!info) {
    // Somebody has removed it: the runtime writes to a file that nobody sees.
    if ((await files.stat(directory)) !== undefined) {
      await runtime.reopenContainerLog({ containerId: container.id }, { signal });
    }
    return;
  }
  if (info.size < bytesMax) return;
  await rotate(container.id, directory, name, deps, signal);
}

async function rotate(
  containerId: string,
  directory: string,
  name: string,
  { runtime, files, clock, filesMax }: LogRotationDeps,
  signal: AbortSignal,
): Promise<void> {
  const all = await files.readDirectory(directory);
  const { remove, compress } = planRotation(
    all.filter((other) => other.startsWith(`${name}.`)),
    filesMax,
  );
  for (const old of remove) await files.remove(`${directory}/${old}`);
  for (const old of compress) {
    const path = `${directory}/${old}`;
    await files.compress(path, `${path}${TEMPORARY}`);
    await files.rename(`${path}${TEMPORARY}`, `${path}${COMPRESSED}`);
    await files.remove(path);
  }
  // The newest is left as it is: readers may not be through with it.
  const [current, rotated] = [`${directory}/${name}`, `${directory}/${name}.${rotationStamp(clock.now())}`];
  await files.rename(current, rotated);
  try {
    await runtime.reopenContainerLog({ containerId }, { signal });
  } catch (error) {
    await files.rename(rotated, current);
    throw error;
  }
}

function logOf(
  { labels, metadata }: Container,
  podLogsDir: string,
): { readonly directory: string; readonly name: string } {
  const pod = `${labels[POD_NAMESPACE_LABEL]}_${labels[POD_NAME_LABEL]}_${labels[POD_UID_LABEL]}`;
  return {
    directory: `${podLogsDir}/${pod}/${labels[CONTAINER_NAME_LABEL]}`,
    name: `${metadata?.attempt ?? 0}.log`,
  };
}
