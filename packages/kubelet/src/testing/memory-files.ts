import { gzipSync } from 'node:zlib';
import type { FileError, FileInfo, FileSystem } from '../host/file-system.ts';

interface FileNode {
  readonly type: FileInfo['type'];
  mode: number;
  uid: number;
  gid: number;
  content: Uint8Array;
  readonly target: string;
  /** Of a directory, by name. */
  readonly children: Map<string, FileNode>;
}

/** Where a path leads. */
interface Place {
  readonly node: FileNode;
  /** The absolute path without links. */
  readonly path: string;
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
  readonly #root = newNode('directory', 0o755);
  /** By what they hide. */
  readonly #binds = new Map<FileNode, Place>();

  /** Adds anything, with its parents. */
  add(
    path: string,
    { type = 'file', content = '', mode }: { type?: FileInfo['type']; content?: string; mode?: number },
  ): void {
    const names = namesOf(path);
    let parent = this.#root;
    for (const name of names.slice(0, -1)) parent = childDirectory(parent, name, 0o755);
    const node = newNode(type, mode ?? (type === 'directory' ? 0o755 : 0o644));
    node.content = new TextEncoder().encode(content);
    parent.children.set(names.at(-1)!, node);
  }

  bind(source: string, target: string): void {
    this.#binds.set(this.#find(target).node, this.#find(source));
  }

  unbind(target: string): void {
    const hidden = this.#tryFind(target, true, true)?.node;
    if (hidden) this.#binds.delete(hidden);
  }

  /** Everything below a directory, by path. */
  tree(path: string): ReadonlyMap<string, FileEntry> {
    const entries = new Map<string, FileEntry>();
    const start = this.#tryFind(path, true, true)?.node;
    if (start) this.#addEntries(start, path, entries);
    return entries;
  }

  #addEntries(directory: FileNode, path: string, entries: Map<string, FileEntry>): void {
    for (const [name, node] of directory.children) {
      const bind = this.#binds.get(node);
      const shown = bind?.node ?? node;
      entries.set(`${path}/${name}`, this.#entry(shown, bind));
      this.#addEntries(shown, `${path}/${name}`, entries);
    }
  }

  #entry(node: FileNode, bind: Place | undefined): FileEntry {
    const { type, mode, uid, gid, content, target } = node;
    const isDeleted = bind !== undefined && this.#tryFind(bind.path, false, true)?.node !== bind.node;
    return {
      type,
      mode,
      uid,
      gid,
      target,
      content: new TextDecoder().decode(content),
      ...(bind ? { bind: { source: bind.path, isDeleted } } : {}),
    };
  }

  stat: FileSystem['stat'] = async (path) => infoOf(this.#tryFind(path)?.node);
  lstat: FileSystem['lstat'] = async (path) => infoOf(this.#tryFind(path, false)?.node);

  readFile: FileSystem['readFile'] = async (path, maxBytes) => {
    const { node } = this.#find(path);
    if (node.type === 'directory') throw fileError('EISDIR', `read ${path}: is a directory`);
    return node.content.slice(0, maxBytes);
  };

  writeFile: FileSystem['writeFile'] = async (path, content, mode) => {
    const old = this.#tryFind(path)?.node;
    if (old?.type === 'directory') throw fileError('EISDIR', `open ${path}: is a directory`);
    if (old) {
      Object.assign(old, { content, mode });
      return;
    }
    const node = newNode('file', mode);
    node.content = content;
    this.#put(path, node);
  };

  compress: FileSystem['compress'] = async (from, to) => {
    const { node } = this.#find(from);
    await this.writeFile(to, gzipSync(node.content), node.mode);
  };

  readDirectory: FileSystem['readDirectory'] = async (path) => {
    const { node } = this.#find(path);
    if (node.type !== 'directory') throw fileError('ENOTDIR', `readdir ${path}: not a directory`);
    return [...node.children.keys()].toSorted();
  };

  makeDirectory: FileSystem['makeDirectory'] = async (path, mode) => {
    const parts = namesOf(path);
    let made = '';
    for (const [index, part] of parts.entries()) {
      made += `/${part}`;
      const isLast = index === parts.length - 1;
      const known = this.#tryFind(made)?.node;
      if (!known) this.#put(made, newNode('directory', isLast ? mode : mode & ~UMASK));
      else if (known.type !== 'directory') throw fileError(isLast ? 'EEXIST' : 'ENOTDIR', `mkdir ${path}`);
    }
  };

  remove: FileSystem['remove'] = async (path) => {
    const [parent, name] = this.#tryParent(path);
    parent?.children.delete(name);
  };

  rename: FileSystem['rename'] = async (from, to) => {
    const { node } = this.#find(from, false);
    const [parent, name] = this.#tryParent(to);
    if (!parent) throw fileError('ENOENT', `rename ${from} to ${to}: no such file or directory`);
    await this.remove(from);
    parent.children.set(name, node);
  };

  symlink: FileSystem['symlink'] = async (target, path) => {
    if (this.#tryFind(path, false)) throw fileError('EEXIST', `symlink ${path}: file exists`);
    this.#put(path, newNode('symlink', 0o777, target));
  };

  readLink: FileSystem['readLink'] = async (path) => {
    const { node } = this.#find(path, false);
    if (node.type !== 'symlink') throw fileError('EINVAL', `readlink ${path}: invalid argument`);
    return node.target;
  };

  chmod: FileSystem['chmod'] = async (path, mode) => {
    this.#find(path).node.mode = mode;
  };

  chown: FileSystem['chown'] = async (path, uid, gid) => {
    const { node } = this.#find(path, false);
    if (uid >= 0) node.uid = uid;
    if (gid >= 0) node.gid = gid;
  };

  realPath: FileSystem['realPath'] = async (path) => this.#find(path).path;

  #put(path: string, node: FileNode): void {
    const [parent, name] = this.#tryParent(path);
    if (!parent) throw fileError('ENOENT', `open ${path}: no such file or directory`);
    parent.children.set(name, node);
  }

  #tryParent(path: string): [parent: FileNode | undefined, name: string] {
    const slash = path.lastIndexOf('/');
    return [this.#tryFind(path.slice(0, slash) || '/')?.node, path.slice(slash + 1)];
  }

  #find(path: string, followLast = true): Place {
    const place = this.#tryFind(path, followLast);
    if (!place) throw fileError('ENOENT', `open ${path}: no such file or directory`);
    return place;
  }

  /** `hidden`: what is at the end itself, not what is mounted on it. */
  #tryFind(path: string, followLast = true, hidden = false): Place | undefined {
    const names = namesOf(path).toReversed();
    const above: Place[] = [];
    let place: Place = { node: this.#root, path: '/' };
    let links = 0;
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (name === '..') {
        place = above.pop() ?? place;
        continue;
      }
      const child = place.node.children.get(name);
      if (!child) return undefined;
      const isLast = names.length === 0;
      if (child.type === 'symlink' && (!isLast || followLast)) {
        if (++links > LINKS_MAX) throw fileError('ELOOP', `open ${path}: too many levels of symbolic links`);
        if (child.target.startsWith('/')) {
          place = { node: this.#root, path: '/' };
          above.length = 0;
        }
        names.push(...namesOf(child.target).toReversed());
        continue;
      }
      above.push(place);
      const own = { node: child, path: place.path === '/' ? `/${name}` : `${place.path}/${name}` };
      place = (isLast && hidden ? undefined : this.#binds.get(child)) ?? own;
    }
    return place;
  }
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

function newNode(type: FileInfo['type'], mode: number, target = ''): FileNode {
  return { type, mode, uid: 0, gid: 0, content: new Uint8Array(), target, children: new Map() };
}

function childDirectory(parent: FileNode, name: string, mode: number): FileNode {
  const known = parent.children.get(name);
  if (known) return known;
  const made = newNode('directory', mode);
  parent.children.set(name, made);
  return made;
}

function infoOf(node: FileNode | undefined): FileInfo | undefined {
  if (!node) return undefined;
  const { type, mode, uid, gid, content } = node;
  return { type, mode, uid, gid, size: content.length };
}

function fileError(code: string, message: string): FileError {
  return Object.assign(new Error(message), { code });
}
