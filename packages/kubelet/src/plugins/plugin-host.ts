import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSocket, serveSocket, type GrpcHandlers, type GrpcSocket, type ProtoCodec } from '@kts/grpc';

import { isFileError } from '../host/file-system.ts';

/** How the kubelet and its plugins find each other: by Unix sockets. */
export interface PluginHost {
  /** Paths of the sockets below a directory, in order; none if it is not there. */
  sockets(directory: string): Promise<readonly string[]>;
  connect(path: string, protocol: ProtoCodec): GrpcSocket;
  serve(
    path: string,
    protocol: ProtoCodec,
    services: Readonly<Record<string, GrpcHandlers>>,
  ): Promise<{ readonly close: () => void }>;
}

const DEPTH_MAX = 3;

/** The sockets of this machine. */
export const unixPluginHost: PluginHost = {
  sockets: (directory) => socketsBelow(directory, DEPTH_MAX),
  connect: connectSocket,
  serve: serveSocket,
};

async function socketsBelow(directory: string, depth: number): Promise<readonly string[]> {
  try {
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).toSorted();
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(directory, name);
        const info = await stat(path);
        if (info.isSocket()) return [path];
        return info.isDirectory() && depth > 1 ? socketsBelow(path, depth - 1) : [];
      }),
    );
    return found.flat();
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}
