import type { FakeHost } from '../fake-host.ts';
import type { TreeEntry } from './recording.ts';

const SHOWN = /^(?:etc-hosts$|volumes\/|volume-subpaths\/)/;
/** Folders that atomic writes name after the time. */
const TIMESTAMP = /\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.[0-9a-z]+/g;

/** The pod's folder in the recordings' form. */
export function fileTree(host: FakeHost, podDirectory: string): Readonly<Record<string, TreeEntry>> {
  const tree: Record<string, TreeEntry> = {};
  for (const [path, entry] of host.files.tree(podDirectory)) {
    const name = path.slice(podDirectory.length + 1) + (entry.type === 'directory' ? '/' : '');
    if (!SHOWN.test(name)) continue;
    const shown = name.replaceAll(TIMESTAMP, '..<ts>');
    if (entry.type === 'symlink') {
      tree[shown] = { link: entry.target.replaceAll(TIMESTAMP, '..<ts>') };
      continue;
    }
    const mount = host.mounts.points.get(path);
    const { bind, uid, gid } = entry;
    const owner = uid === 0 && gid === 0 ? {} : { uid, gid };
    tree[shown] = {
      mode: entry.mode.toString(8).padStart(4, '0'),
      ...owner,
      ...(bind
        ? { mount: bindMount(bind.source.replaceAll(TIMESTAMP, '..<ts>') + (bind.isDeleted ? '//deleted' : '')) }
        : {}),
      ...(mount?.type === 'tmpfs' ? { mount: tmpfs(mount.sizeBytes ?? 0) } : {}),
      ...(entry.type === 'file' ? { content: entry.content } : {}),
    };
  }
  return tree;
}

function bindMount(root: string): object {
  return { type: 'bind', root, options: 'rw,relatime' };
}

function tmpfs(sizeBytes: number): object {
  return { type: 'tmpfs', size: `${Math.ceil(sizeBytes / 1024)}k`, options: 'rw,relatime' };
}
