import { access, constants, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { arch, availableParallelism, freemem, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { runCommand, type NetworkNamespace } from '@kts/host-linux';

import type { Machine, MachineInfo } from '../node-host.ts';

const KIB = 1024;
/** Go's names of architectures. */
const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
const HUGE_PAGES = '/sys/kernel/mm/hugepages';

/** The machine; `network` is where its address is looked up. */
export function linuxMachine(network: NetworkNamespace): Machine {
  let info: Promise<MachineInfo> | undefined;
  return {
    info: () => (info ??= readInfo()),
    defaultAddress: () => readAddress(network),
    async disk(path) {
      const [found, { dev: device }] = await Promise.all([statfs(path), stat(path)]);
      return {
        device,
        capacityBytes: found.blocks * found.bsize,
        availableBytes: found.bavail * found.bsize,
        usedBytes: (found.blocks - found.bfree) * found.bsize,
        inodes: found.files,
        inodesFree: found.ffree,
      };
    },
    availableMemoryBytes: async () => {
      const memory = await memoryFigures();
      return memory.get('MemAvailable') ?? freemem();
    },
    async processes() {
      const [max, running] = await Promise.all([readText('/proc/sys/kernel/pid_max'), readdir('/proc')]);
      return { max: Number(max), running: running.filter((name) => /^\d+$/.test(name)).length };
    },
    async usage(path) {
      const [bytes, inodes] = await Promise.all([
        runCommand(['du', '-x', '-s', '-B1', path]),
        runCommand(['du', '-x', '-s', '--inodes', path]),
      ]);
      return { bytes: Number.parseInt(bytes, 10), inodes: Number.parseInt(inodes, 10) };
    },
    sysctl: (name) => readText(join('/proc/sys', name)),
  };
}

async function readInfo(): Promise<MachineInfo> {
  const [machineId, systemUuid, bootId, osImage, memory, hugePages] = await Promise.all([
    readText('/etc/machine-id'),
    readText('/sys/class/dmi/id/product_uuid'),
    readText('/proc/sys/kernel/random/boot_id'),
    readOsName(),
    memoryFigures(),
    readHugePages(),
  ]);
  return {
    machineId: machineId ?? '',
    systemUuid: systemUuid ?? machineId ?? '',
    bootId: bootId ?? '',
    kernelVersion: release(),
    osImage,
    architecture: GO_ARCH[arch()] ?? arch(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    swapBytes: memory.get('SwapTotal') ?? 0,
    hugePages,
  };
}

async function readOsName(): Promise<string> {
  const text = (await readText('/etc/os-release')) ?? '';
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}

/** /proc/meminfo in bytes. */
async function memoryFigures(): Promise<ReadonlyMap<string, number>> {
  const text = (await readText('/proc/meminfo')) ?? '';
  return new Map([...text.matchAll(/^(\w+):\s+(\d+) kB$/gm)].map((match) => [match[1]!, Number(match[2]) * KIB]));
}

async function readHugePages(): Promise<Readonly<Record<string, number>>> {
  const names = await readdir(HUGE_PAGES).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const size = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * KIB;
      const count = Number((await readText(join(HUGE_PAGES, name, 'nr_hugepages'))) ?? 0);
      return [String(size), size * count] as const;
    }),
  );
  return Object.fromEntries(found);
}

/** The address that the node's first interface has, apart from loopback. */
async function readAddress(network: NetworkNamespace): Promise<string | undefined> {
  const isInstalled = await access('/proc/net/route', constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return undefined;
  const text = await runCommand(['ip', '-o', '-4', 'addr', 'show', 'scope', 'global'], {
    networkNamespace: network.path,
  }).catch(() => '');
  return /\binet (\d+\.\d+\.\d+\.\d+)\//.exec(text)?.[1];
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return undefined;
  }
}
