import type {
  CgroupResources,
  Cgroups,
  DiskUsage,
  ImageMounter,
  Machine,
  MachineInfo,
  Mounter,
  NetworkProber,
  NodeHost,
} from '../host/node-host.ts';
import { MemoryFiles } from './memory-files.ts';

export interface FakeHostOptions {
  readonly machine?: Partial<MachineInfo>;
  readonly disk?: Partial<DiskUsage>;
  readonly network?: NetworkProber;
  readonly cgroupVersion?: 1 | 2;
  readonly swapController?: boolean;
  /** What runs on the machine; absent: half of its memory is used, and nobody has looked at its processors. */
  readonly used?: { cpuNanoSeconds(): number; memoryBytes(): number };
}

/** A machine in memory: its files, mounts and cgroups hold what is put there, and nothing answers on the network. */
export interface FakeHost extends NodeHost {
  readonly files: MemoryFiles;
  readonly mounts: FakeMounts;
  readonly cgroups: FakeCgroups;
  /** Changes how much there is of something from now on. */
  set(change: FakeAmounts): void;
}

export interface FakeAmounts {
  readonly availableMemoryBytes?: number;
  readonly disk?: Partial<DiskUsage>;
}

const MACHINE: MachineInfo = {
  machineId: 'machine',
  systemUuid: 'system',
  bootId: 'boot',
  kernelVersion: '6.1.0',
  osImage: 'Linux',
  architecture: 'amd64',
  cpus: 2,
  memoryBytes: 8 * 1024 ** 3,
  swapBytes: 0,
  hugePages: { [2 * 1024 ** 2]: 0, [1024 ** 3]: 0 },
};
const DISK: DiskUsage = { capacityBytes: 100e9, availableBytes: 90e9, inodes: 1e6, inodesFree: 9e5 };

export function createFakeHost(options: FakeHostOptions = {}): FakeHost {
  const files = new MemoryFiles();
  const mounts = new FakeMounts(files);
  files.add('/etc/resolv.conf', { content: 'nameserver 192.0.2.53\n' });
  files.add('/etc/hosts', { content: '127.0.0.1\tlocalhost\n' });
  const machine = { ...MACHINE, ...options.machine };
  let amounts = { availableMemoryBytes: machine.memoryBytes / 2, disk: { ...DISK, ...options.disk } };
  return {
    files,
    mounts,
    imageMounter: mounts.images,
    cgroups: new FakeCgroups(options.cgroupVersion ?? 2, options.swapController ?? false),
    network: options.network ?? SILENT_NETWORK,
    machine: {
      ...fakeMachine(machine, () => amounts, files),
      ...(options.used ? usedMachine(machine, options.used) : {}),
    },
    set: ({ disk, ...change }) => {
      amounts = { ...amounts, ...change, disk: { ...amounts.disk, ...disk } };
    },
  };
}

interface FakeMount {
  readonly type: 'tmpfs' | 'hugetlbfs' | 'bind' | 'image';
  readonly sizeBytes?: number;
  readonly image?: string;
}

export class FakeMounts implements Mounter {
  readonly #files: MemoryFiles;
  readonly points = new Map<string, FakeMount>();

  constructor(files: MemoryFiles) {
    this.#files = files;
  }

  mountTmpfs: Mounter['mountTmpfs'] = async (path, { sizeBytes }) => {
    this.points.set(path, { type: 'tmpfs', ...(sizeBytes === undefined ? {} : { sizeBytes }) });
    await this.#files.chmod(path, 0o1777);
  };
  readonly images: ImageMounter = {
    mount: async (image, path) => void this.points.set(path, { type: 'image', image }),
    unmount: async (path) => {
      if (this.points.get(path)?.type !== 'image') throw new Error(`${path} is no image`);
      this.points.delete(path);
    },
  };
  mountHugePages: Mounter['mountHugePages'] = async (path) => {
    this.points.set(path, { type: 'hugetlbfs' });
  };
  bind: Mounter['bind'] = async (source, target) => {
    this.points.set(target, { type: 'bind' });
    this.#files.bind(source, target);
  };
  unmount: Mounter['unmount'] = async (path) => {
    this.points.delete(path);
    this.#files.unbind(path);
  };
  isMountPoint: Mounter['isMountPoint'] = async (path) => this.points.has(path);
  mountsBelow: Mounter['mountsBelow'] = async (path) =>
    [...this.points.keys()]
      .filter((point) => point === path || point.startsWith(`${path}/`))
      .toSorted((a, b) => b.length - a.length);
}

export class FakeCgroups implements Cgroups {
  readonly version: 1 | 2;
  readonly driver = 'cgroupfs';
  readonly swapController: boolean;
  readonly groups = new Map<string, CgroupResources>();

  constructor(version: 1 | 2, swapController: boolean) {
    this.version = version;
    this.swapController = swapController;
  }

  write: Cgroups['write'] = async (name, resources) => {
    this.groups.set(name, { ...this.groups.get(name), ...resources });
  };
  read: Cgroups['read'] = async (name) => this.groups.get(name);
  remove: Cgroups['remove'] = async (name) => {
    this.groups.delete(name);
  };
  children: Cgroups['children'] = async (name) =>
    [...this.groups.keys()]
      .filter((group) => group.startsWith(`${name}/`) && !group.slice(name.length + 1).includes('/'))
      .map((group) => group.slice(name.length + 1));
}

const SILENT_NETWORK: NetworkProber = {
  http: ({ host, port }) => Promise.reject(refused(host, port)),
  tcp: (host, port) => Promise.reject(refused(host, port)),
  grpc: ({ host, port }) => Promise.reject(refused(host, port)),
};

function refused(host: string, port: number): Error {
  return new Error(`dial tcp ${host}:${port}: connect: connection refused`);
}

function usedMachine(
  { memoryBytes }: MachineInfo,
  used: NonNullable<FakeHostOptions['used']>,
): Pick<Machine, 'availableMemoryBytes' | 'cpuNanoSeconds'> {
  return {
    availableMemoryBytes: () => Promise.resolve(Math.max(0, memoryBytes - used.memoryBytes())),
    cpuNanoSeconds: () => Promise.resolve(used.cpuNanoSeconds()),
  };
}

function fakeMachine(info: MachineInfo, amounts: () => Required<FakeAmounts>, files: MemoryFiles): Machine {
  const usage = async (path: string): Promise<{ readonly bytes: number; readonly inodes: number }> => {
    const stat = await files.lstat(path);
    if (!stat) return { bytes: 0, inodes: 0 };
    const names = stat.type === 'directory' ? await files.readDirectory(path) : [];
    const below = await Promise.all(names.map((name) => usage(`${path}/${name}`)));
    return {
      bytes: below.reduce((sum, one) => sum + one.bytes, stat.size),
      inodes: below.reduce((sum, one) => sum + one.inodes, 1),
    };
  };
  return {
    info: () => Promise.resolve(info),
    defaultAddress: () => Promise.resolve('192.0.2.10'),
    disk: () => Promise.resolve(amounts().disk as DiskUsage),
    availableMemoryBytes: () => Promise.resolve(amounts().availableMemoryBytes),
    processes: () => Promise.resolve({ max: 100_000, running: 100 }),
    usage,
    sysctl: () => Promise.resolve(undefined),
  };
}
