import { gzipSync } from 'node:zlib';
import type { FileError, FileInfo, FileSystem } from '../host/file-system.ts';

interface FileNode {
  readonly type: FileInfo['type'];
  mode: number;
  uid: number;
  gid: number;
  content: Uint8Array;
  readonly target: string;
  /** Of a directory, by name; made with the first child. */
  children: Map<string, FileNode> | undefined;
}

/** Where a path leads. */
interface Place {
  readonly node: FileNode;
  readonly name: string;
  /** Where `..` leads; undefined: nowhere else. */
  readonly above: Place | undefined;
  /** What is mounted here: the path without links goes on from there. */
  readonly source: Place | undefined;
}

const LINKS_MAX = 40;
const UMASK = 0o022;
const NO_CONTENT = new Uint8Array();

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
  readonly #root: Place = { node: newNode('directory', 0o755), name: '', above: undefined, source: undefined };
  /** By what they hide. */
  readonly #binds = new Map<FileNode, Place>();

  /** Adds anything, with its parents. */
  add(
    path: string,
    { type = 'file', content = '', mode }: { type?: FileInfo['type']; content?: string; mode?: number },
  ): void {
    const names = namesOf(path);
    let parent = this.#root.node;
    for (const name of names.slice(0, -1)) parent = childDirectory(parent, name, 0o755);
    const node = newNode(type, mode ?? (type === 'directory' ? 0o755 : 0o644));
    node.content = new TextEncoder().encode(content);
    addChild(parent, names.at(-1)!, node);
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
    for (const [name, node] of directory.children ?? []) {
      const bind = this.#binds.get(node);
      const shown = bind?.node ?? node;
      entries.set(`${path}/${name}`, this.#entry(shown, bind));
      this.#addEntries(shown, `${path}/${name}`, entries);
    }
  }

  #entry(node: FileNode, bind: Place | undefined): FileEntry {
    const { type, mode, uid, gid, content, target } = node;
    const isDeleted = bind !== undefined && this.#tryFind(pathOf(bind), false, true)?.node !== bind.node;
    return {
      type,
      mode,
      uid,
      gid,
      target,
      content: new TextDecoder().decode(content),
      ...(bind ? { bind: { source: pathOf(bind), isDeleted } } : {}),
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
    return [...(node.children?.keys() ?? [])].toSorted();
  };

  makeDirectory: FileSystem['makeDirectory'] = async (path, mode) => {
    const known = this.#tryFind(path)?.node;
    if (!known) this.#makeDirectories(namesOf(path), mode);
    else if (known.type !== 'directory') throw fileError('EEXIST', `mkdir ${path}`);
  };

  /** Makes a directory that is not there, and whatever is missing above it. */
  #makeDirectories(names: readonly string[], mode: number): void {
    const above = names.slice(0, -1);
    const parent = this.#tryFind(above.join('/'))?.node;
    if (!parent) this.#makeDirectories(above, mode & ~UMASK);
    else if (parent.type !== 'directory') throw fileError('ENOTDIR', `mkdir /${names.join('/')}`);
    this.#put(`/${names.join('/')}`, newNode('directory', mode));
  }

  remove: FileSystem['remove'] = async (path) => {
    const [parent, name] = this.#tryParent(path);
    parent?.children?.delete(name);
  };

  rename: FileSystem['rename'] = async (from, to) => {
    const { node } = this.#find(from, false);
    const [parent, name] = this.#tryParent(to);
    if (!parent) throw fileError('ENOENT', `rename ${from} to ${to}: no such file or directory`);
    await this.remove(from);
    addChild(parent, name, node);
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

  realPath: FileSystem['realPath'] = async (path) => pathOf(this.#find(path));

  #put(path: string, node: FileNode): void {
    const [parent, name] = this.#tryParent(path);
    if (!parent) throw fileError('ENOENT', `open ${path}: no such file or directory`);
    addChild(parent, name, node);
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
    let place = this.#root;
    let rest = path;
    let at = 0;
    let links = 0;
    while (at < rest.length) {
      const end = endOfName(rest, at);
      const name = rest.slice(at, end);
      const next = startOfName(rest, end);
      at = next;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        place = place.above ?? place;
        continue;
      }
      const node = place.node.children?.get(name);
      if (!node) return undefined;
      const isLast = next === rest.length;
      if (node.type === 'symlink' && (!isLast || followLast)) {
        if (++links > LINKS_MAX) throw fileError('ELOOP', `open ${path}: too many levels of symbolic links`);
        if (node.target.startsWith('/')) place = this.#root;
        rest = isLast ? node.target : `${node.target}/${rest.slice(next)}`;
        at = 0;
        continue;
      }
      const source = isLast && hidden ? undefined : this.#binds.get(node);
      place = { node: source?.node ?? node, name, above: place, source };
    }
    return place;
  }
}

/** The position after the name that begins at `at`. */
function endOfName(path: string, at: number): number {
  const slash = path.indexOf('/', at);
  return slash < 0 ? path.length : slash;
}

/** Where the next name begins; the path's length if there is none. */
function startOfName(path: string, at: number): number {
  let start = at;
  while (path[start] === '/' || (path[start] === '.' && isBetweenSlashes(path, start))) start++;
  return start;
}

const isBetweenSlashes = (path: string, at: number): boolean =>
  path[at - 1] === '/' && (at + 1 === path.length || path[at + 1] === '/');

/** The absolute path without links. */
function pathOf({ name, above, source }: Place): string {
  if (source) return pathOf(source);
  if (!above) return '/';
  const parent = pathOf(above);
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

function newNode(type: FileInfo['type'], mode: number, target = ''): FileNode {
  return { type, mode, uid: 0, gid: 0, content: NO_CONTENT, target, children: undefined };
}

function childDirectory(parent: FileNode, name: string, mode: number): FileNode {
  const known = parent.children?.get(name);
  if (known) return known;
  const made = newNode('directory', mode);
  addChild(parent, name, made);
  return made;
}

function addChild(parent: FileNode, name: string, node: FileNode): void {
  parent.children ??= new Map();
  parent.children.set(name, node);
}

function infoOf(node: FileNode | undefined): FileInfo | undefined {
  if (!node) return undefined;
  const { type, mode, uid, gid, content } = node;
  return { type, mode, uid, gid, size: content.length };
}

function fileError(code: string, message: string): FileError {
  return Object.assign(new Error(message), { code });
}
