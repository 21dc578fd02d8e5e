import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { succeed } from './command.ts';

export interface TestRegistry {
  readonly port: number;
  /** What it was asked for, as `GET /v2/...`. */
  readonly requests: readonly string[];
  close(): void;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
}

/** A registry on this machine that has one image, under every name and tag: what a node's containerd has as `image`. */
export async function startRegistry(socket: string, image: string, directory: string): Promise<TestRegistry> {
  await mkdir(directory);
  const archive = join(directory, 'image.tar');
  await succeed(['ctr', '--address', socket, '--namespace', 'k8s.io', 'images', 'export', archive, image]);
  await succeed(['tar', '-xf', archive, '-C', directory]);
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const [manifest] = index.manifests;
  const requests: string[] = [];
  const server: Server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    // A mirror is told in the query whose mirror it is.
    const [, kind, reference] = /\/(manifests|blobs)\/([\w:.-]+)(?:\?|$)/.exec(incoming.url ?? '') ?? [];
    if (kind === undefined) return void response.end('{}');
    const digest = reference!.startsWith('sha256:') ? reference! : manifest!.digest;
    void readFile(join(directory, 'blobs', digest.replace(':', '/'))).then((blob) => {
      response.setHeader('Content-Type', kind === 'manifests' ? manifest!.mediaType : 'application/octet-stream');
      response.setHeader('Docker-Content-Digest', digest);
      response.setHeader('Content-Length', blob.length);
      response.end(incoming.method === 'HEAD' ? undefined : blob);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return { port: (server.address() as AddressInfo).port, requests, close: () => server.close() };
}
