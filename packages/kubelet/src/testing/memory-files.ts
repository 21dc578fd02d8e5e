import { gzipSync } from 'node:zlib';
import type { FileError, FileInfo, FileSystem } from '../host/file-system.ts';

interface FileNode {
  type: FileInfo['type'];
  mode: number;
  uid: number;
  gid: number;
  content: Uint8Array;
  target: string;
}

const LINKS_MAX = 40;
const UMASK = 0o022;

/** What is at a path, for tests to look at. */
export interface FileEntry {
  readonly type: FileInfo['type'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content: string;
  /** Of a symlink. */
  readonly target: string;
  /** Of a bind mount: where it leads, and whether that has been deleted since. */
  readonly bind?: { readonly source: string; readonly isDeleted: boolean };
}

/** Files in memory, with what the kubelet needs of POSIX: links, modes, owners, and mounts on top. */
export class MemoryFiles implements FileSystem {
  readonly #nodes = new Map<string, FileNode>([['/', directory(0o755)]]);
  /** By mount point. */
  readonly #binds = new Map<string, { readonly source: string; readonly node: FileNode }>();

  /** Adds anything, with its parents. */
  add(
    path: string,
    node: { readonly type?: FileInfo['type']; readonly content?: string; readonly mode?: number },
  ): void {
    this.#makeParents(path);
    const content = new TextEncoder().encode(node.content ?? '');
    const mode = node.mode ?? (node.type === 'directory' ? 0o755 : 0o644);
    this.#nodes.set(path, { type: node.type ?? 'file', mode, uid: 0, gid: 0, content, target: '' });
  }

  bind(source: string, target: string): void {
    const real = this.#resolve(source);
    this.#binds.set(this.#resolve(target), { source: real, node: this.#node(real) });
  }

  unbind(target: string): void {
    this.#binds.delete(target);
  }

  /** Everything below a directory, by path. */
  tree(directoryPath: string): ReadonlyMap<string, FileEntry> {
    const within = (path: string): [string, FileNode][] =>
      [...this.#nodes].filter(([one]) => one.startsWith(`${path}/`));
    const result = new Map(within(directoryPath).map(([path, node]) => [path, this.#entry(path, node)]));
    for (const [target, { source }] of this.#binds) {
      if (!target.startsWith(`${directoryPath}/`)) continue;
      for (const [path, node] of within(source)) {
        const shown = target + path.slice(source.length);
        result.set(shown, this.#entry(shown, node));
      }
    }
    return result;
  }

  #entry(path: string, node: FileNode): FileEntry {
    const bind = this.#binds.get(path);
    const { content, ...rest } = bind?.node ?? node;
    const shown = bind && { source: bind.source, isDeleted: this.#nodes.get(bind.source) !== bind.node };
    return { ...rest, content: new TextDecoder().decode(content), ...(shown ? { bind: shown } : {}) };
  }

  stat: FileSystem['stat'] = (path) => Promise.resolve(this.#info(this.#tryResolve(path)));
  lstat: FileSystem['lstat'] = (path) => Promise.resolve(this.#info(this.#tryResolve(path, false)));

  readFile: FileSystem['readFile'] = async (path, maxBytes) => {
    const node = this.#node(this.#resolve(path));
    if (node.type === 'directory') throw fileError('EISDIR', `read ${path}: is a directory`);
    return node.content.slice(0, maxBytes);
  };

  writeFile: FileSystem['writeFile'] = async (path, content, mode) => {
    const real = this.#tryResolve(path) ?? this.#inParent(path);
    const old = this.#nodes.get(real);
    if (old) Object.assign(old, { content, mode });
    else this.#nodes.set(real, { type: 'file', mode, uid: 0, gid: 0, content, target: '' });
  };

  compress: FileSystem['compress'] = async (from, to) => {
    const node = this.#nodes.get(this.#resolve(from))!;
    await this.writeFile(to, gzipSync(await this.readFile(from)), node.mode);
  };

  readDirectory: FileSystem['readDirectory'] = async (path) => {
    const real = this.#resolve(path);
    if (this.#node(real).type !== 'directory') throw fileError('ENOTDIR', `readdir ${path}: not a directory`);
    const prefix = real === '/' ? '/' : `${real}/`;
    return [...this.#nodes.keys()]
      .filter((one) => one.startsWith(prefix) && one !== real && !one.slice(prefix.length).includes('/'))
      .map((one) => one.slice(prefix.length))
      .toSorted();
  };

  makeDirectory: FileSystem['makeDirectory'] = async (path, mode) => {
    let made = '';
    const parts = path.split('/').filter((one) => one !== '');
    for (const [index, part] of parts.entries()) {
      made = this.#tryResolve(`${made}/${part}`) ?? this.#inParent(`${made}/${part}`);
      if (!this.#nodes.has(made)) this.#nodes.set(made, directory(index === parts.length - 1 ? mode : mode & ~UMASK));
      else if (this.#nodes.get(made)!.type !== 'directory')
        throw fileError('ENOTDIR', `mkdir ${path}: not a directory`);
    }
  };

  remove: FileSystem['remove'] = async (path) => {
    const real = this.#tryResolve(path, false);
    if (real === undefined) return;
    for (const one of this.#nodes.keys()) if (one === real || one.startsWith(`${real}/`)) this.#nodes.delete(one);
  };

  rename: FileSystem['rename'] = async (from, to) => {
    const source = this.#resolve(from, false);
    const target = this.#tryResolve(to, false) ?? this.#inParent(to);
    this.#nodes.delete(target);
    const moved = [...this.#nodes];
    for (const [one, node] of moved) {
      if (one !== source && !one.startsWith(`${source}/`)) continue;
      this.#nodes.delete(one);
      this.#nodes.set(target + one.slice(source.length), node);
    }
  };

  symlink: FileSystem['symlink'] = async (target, path) => {
    if (this.#tryResolve(path, false) !== undefined) throw fileError('EEXIST', `symlink ${path}: file exists`);
    this.#nodes.set(this.#inParent(path), { ...directory(0o777), type: 'symlink', target });
  };

  readLink: FileSystem['readLink'] = async (path) => {
    const node = this.#node(this.#resolve(path, false));
    if (node.type !== 'symlink') throw fileError('EINVAL', `readlink ${path}: invalid argument`);
    return node.target;
  };

  chmod: FileSystem['chmod'] = async (path, mode) => {
    this.#node(this.#resolve(path)).mode = mode;
  };

  chown: FileSystem['chown'] = async (path, uid, gid) => {
    const node = this.#node(this.#resolve(path, false));
    if (uid >= 0) node.uid = uid;
    if (gid >= 0) node.gid = gid;
  };

  realPath: FileSystem['realPath'] = async (path) => this.#resolve(path);

  #info(path: string | undefined): FileInfo | undefined {
    if (path === undefined) return undefined;
    const { type, mode, uid, gid, content } = this.#node(path);
    return { type, mode, uid, gid, size: content.length };
  }

  #node(path: string): FileNode {
    const node = this.#nodes.get(path);
    if (!node) throw fileError('ENOENT', `open ${path}: no such file or directory`);
    return node;
  }

  #resolve(path: string, followLast = true): string {
    const real = this.#tryResolve(path, followLast);
    if (real === undefined) throw fileError('ENOENT', `open ${path}: no such file or directory`);
    return real;
  }

  #tryResolve(path: string, followLast = true, depth = 0): string | undefined {
    const itself = this.#nodes.get(path);
    if (itself && this.#binds.size === 0 && !(followLast && itself.type === 'symlink')) return path;
    if (depth > LINKS_MAX) throw fileError('ELOOP', `open ${path}: too many levels of symbolic links`);
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    let real = '';
    for (const [index, part] of parts.entries()) {
      real = part === '..' ? real.slice(0, real.lastIndexOf('/')) : `${real}/${part}`;
      real = this.#binds.get(real)?.source ?? real;
      const node = this.#nodes.get(real || '/');
      if (!node) return undefined;
      if (node.type !== 'symlink' || (index === parts.length - 1 && !followLast)) continue;
      const base = node.target.startsWith('/') ? '' : real.slice(0, real.lastIndexOf('/'));
      const rest = parts.slice(index + 1).join('/');
      return this.#tryResolve(`${base}/${node.target}${rest === '' ? '' : `/${rest}`}`, followLast, depth + 1);
    }
    return real || '/';
  }

  /** The path of something that does not exist yet. */
  #inParent(path: string): string {
    const slash = path.lastIndexOf('/');
    const parent = this.#resolve(path.slice(0, slash) || '/');
    return `${parent === '/' ? '' : parent}${path.slice(slash)}`;
  }

  #makeParents(path: string): void {
    const parts = path.split('/').slice(1, -1);
    for (let count = 1; count <= parts.length; count++) {
      const parent = `/${parts.slice(0, count).join('/')}`;
      if (!this.#nodes.has(parent)) this.#nodes.set(parent, directory(0o755));
    }
  }
}

function directory(mode: number): FileNode {
  return { type: 'directory', mode, uid: 0, gid: 0, content: new Uint8Array(), target: '' };
}

function fileError(code: string, message: string): FileError {
  return Object.assign(new Error(message), { code });
}
