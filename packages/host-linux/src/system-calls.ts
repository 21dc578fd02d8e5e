/** The few calls of libc that Node has no function for. Loaded on first use. */
import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;

interface Libc {
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  malloc_trim(keep: bigint): number;
  errno(): number;
}

/** What of `node:ffi` is used; @types/node does not describe the module yet. */
interface ForeignFunctions {
  dlopen(
    library: string,
    functions: Readonly<Record<string, { readonly arguments: readonly string[]; readonly return: string }>>,
  ): { readonly functions: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> };
  getInt32(pointer: unknown, offset: number): number;
}

let loaded: Libc | undefined;

function libc(): Libc {
  return (loaded ??= loadLibc());
}

function loadLibc(): Libc {
  // require: an import declaration would load the module, and warn, in every process.
  const ffi = createRequire(import.meta.url)('node:ffi') as ForeignFunctions;
  const { functions } = ffi.dlopen('libc.so.6', {
    setns: { arguments: ['int32', 'int32'], return: 'int32' },
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    malloc_trim: { arguments: ['uint64'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  const call =
    (name: string) =>
    (...values: readonly unknown[]): number =>
      functions[name]!(...values) as number;
  return {
    setns: call('setns'),
    socket: call('socket'),
    setsockopt: call('setsockopt'),
    bind: call('bind'),
    malloc_trim: call('malloc_trim'),
    errno: () => ffi.getInt32(functions['__errno_location']!(), 0),
  };
}

/** Moves the calling thread into the network namespace behind the open file `fd`. */
export function setNetworkNamespace(fd: number): void {
  check('setns', libc().setns(fd, CLONE_NEWNET));
}

/** Gives the free pages of glibc's heap back to the system. */
export function trimMemory(): void {
  libc().malloc_trim(0n);
}

export type SocketKind = 'tcp4' | 'tcp6' | 'udp4' | 'udp6';

/** A new non-blocking socket of the current network namespace, as a file descriptor. */
export function openSocket(kind: SocketKind): number {
  const domain = kind.endsWith('6') ? AF_INET6 : AF_INET;
  const type = (kind.startsWith('tcp') ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return check('socket', libc().socket(domain, type, 0));
}

/** Binds a socket; addresses in TIME_WAIT may be used again. */
export function bindSocket(fd: number, host: string, port: number): void {
  const on = new Uint8Array(new Int32Array([1]).buffer);
  check('setsockopt', libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
  const address = socketAddress(host, port);
  check(`bind ${host}:${port}`, libc().bind(fd, address, address.length));
}

/** `struct sockaddr_in` or `sockaddr_in6`: family in host order, port in network order, address. */
export function socketAddress(host: string, port: number): Uint8Array {
  const bytes = new Uint8Array(isIPv6(host) ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIPv6(host) ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  if (isIPv6(host)) ipv6Groups(host).forEach((group, index) => view.setUint16(8 + 2 * index, group));
  else host.split('.').forEach((part, index) => view.setUint8(4 + index, Number(part)));
  return bytes;
}

function ipv6Groups(host: string): readonly number[] {
  const [head = '', tail] = host.split('::');
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const first = parse(head);
  if (tail === undefined) return first;
  const last = parse(tail);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

function check(call: string, result: number): number {
  if (result >= 0) return result;
  const code = getSystemErrorName(-libc().errno());
  throw Object.assign(new Error(`${call}: ${code}`), { code });
}
