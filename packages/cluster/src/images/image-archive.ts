import { createHash } from 'node:crypto';

import type { Pack } from 'tar-stream';

/** A file of an image. Exactly one of `content`, `link` and `directory` says what it is. */
export interface ImageFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode?: number;
  readonly content?: Uint8Array | string;
  /** Target of a symbolic link. */
  readonly link?: string;
  readonly directory?: boolean;
}

export interface ImageSpec {
  /** Full references, such as `kts.local/demo:v1`. */
  readonly tags: readonly string[];
  readonly files: readonly ImageFile[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly exposedPorts?: readonly string[];
  readonly architecture: 'amd64' | 'arm64';
}

/**
 * One image of one layer, as the tar archive that `docker save` writes and every runtime can import. The same spec gives
 * the same bytes, and so the same digest.
 */
export async function imageArchive(spec: ImageSpec): Promise<Uint8Array> {
  const layer = await tar(spec.files);
  const config = JSON.stringify({
    architecture: spec.architecture,
    os: 'linux',
    config: {
      Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...spec.environment }).map((pair) => pair.join('=')),
      ...(spec.entrypoint ? { Entrypoint: spec.entrypoint } : {}),
      ...(spec.command ? { Cmd: spec.command } : {}),
      ...(spec.exposedPorts ? { ExposedPorts: Object.fromEntries(spec.exposedPorts.map((port) => [port, {}])) } : {}),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created_by: 'kts' }],
  });
  const layerPath = `${sha256(layer)}/layer.tar`;
  const configPath = `${sha256(config)}.json`;
  return tar([
    { path: layerPath, content: layer },
    { path: configPath, content: config },
    {
      path: 'manifest.json',
      content: JSON.stringify([{ Config: configPath, RepoTags: spec.tags, Layers: [layerPath] }]),
    },
  ]);
}

async function tar(files: readonly ImageFile[]): Promise<Uint8Array> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  for (const file of files) addEntry(archive, file);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function addEntry(archive: Pack, file: ImageFile): void {
  // oxlint-disable-next-line no-restricted-globals -- a fixed time, so that the same files give the same bytes
  const entry = { name: file.path, mtime: new Date(0), uid: 0, gid: 0 };
  if (file.directory) archive.entry({ ...entry, type: 'directory', mode: file.mode ?? 0o755 });
  else if (file.link !== undefined) archive.entry({ ...entry, type: 'symlink', linkname: file.link });
  else archive.entry({ ...entry, mode: file.mode ?? 0o644 }, Buffer.from(file.content ?? ''));
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
