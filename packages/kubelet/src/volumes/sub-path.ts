import type { NodeHost } from '../host/node-host.ts';
import { ContainerConfigError } from '../environment/container-environment.ts';

export interface SubPathRequest {
  readonly podDirectory: string;
  readonly volumeName: string;
  readonly volumePath: string;
  readonly subPath: string;
  readonly containerName: string;
  /** Of the mount in the container. */
  readonly index: number;
}

const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o640;

/**
 * Binds a part of a volume to a path that the pod cannot change any more, and returns that path. Throws
 * ContainerConfigError.
 *
 * Mirrors: pkg/volume/util/subpath/subpath_linux.go (v1.36)
 * Differs: resolves symlinks and then compares paths, where upstream opens the path step by step.
 */
export async function bindSubPath(host: NodeHost, request: SubPathRequest): Promise<string> {
  const { files, mounts } = host;
  const { volumeName, volumePath, subPath, containerName } = request;
  const where = `for volumeMount "${volumeName}" of container "${containerName}"`;
  const wanted = `${volumePath}/${subPath}`;
  const volume = await files.realPath(volumePath);
  if ((await files.stat(wanted)) === undefined) {
    const mode = (await files.stat(volumePath))?.mode ?? DIRECTORY_MODE;
    try {
      await makeInside(host, volume, subPath, mode);
    } catch (cause) {
      throw new ContainerConfigError(`failed to create subPath directory ${where}`, { cause });
    }
  }
  try {
    const source = await files.realPath(wanted);
    if (!isInside(source, volume)) throw new Error(`subpath "${source}" not within volume path "${volume}"`);
    const target = `${request.podDirectory}/volume-subpaths/${volumeName}/${containerName}/${request.index}`;
    if (await mounts.isMountPoint(target)) await mounts.unmount(target);
    await files.makeDirectory(target.slice(0, target.lastIndexOf('/')), DIRECTORY_MODE);
    if ((await files.stat(source))?.type === 'directory') await files.makeDirectory(target, DIRECTORY_MODE);
    else await files.writeFile(target, new Uint8Array(), FILE_MODE);
    await mounts.bind(source, target, { readOnly: false });
    return target;
  } catch (cause) {
    throw new ContainerConfigError(`failed to prepare subPath ${where}`, { cause });
  }
}

/** Makes the missing directories one by one, and never follows a link out of the volume. */
async function makeInside({ files }: NodeHost, volume: string, subPath: string, mode: number): Promise<void> {
  let path = volume;
  for (const name of subPath.split('/').filter((part) => part !== '' && part !== '.')) {
    path = `${path}/${name}`;
    if ((await files.stat(path)) === undefined) await files.makeDirectory(path, mode);
    path = await files.realPath(path);
    if (!isInside(path, volume)) throw new Error(`path ${path} is outside of the volume`);
  }
}

function isInside(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}
