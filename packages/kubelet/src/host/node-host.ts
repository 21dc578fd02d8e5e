import type { FileSystem } from './file-system.ts';

/**
 * The machine under the kubelet, as small interfaces passed together: a real Linux host, and a fake one for tests and
 * simulations.
 */
export interface NodeHost {
  readonly files: FileSystem;
  readonly mounts: Mounter;
  readonly cgroups: Cgroups;
  readonly network: NetworkProber;
  readonly machine: Machine;
  /** Absent: the runtime must do it. */
  readonly imageMounter?: ImageMounter;
}

/** Makes the files of images appear on the node, for runtimes that have no image volumes. */
export interface ImageMounter {
  /** Read-only. `image` is the id of one that the runtime has. */
  mount(image: string, path: string): Promise<void>;
  unmount(path: string): Promise<void>;
}

export interface Mounter {
  /** Mounts a tmpfs. `sizeBytes` absent: the kernel's default (half of the memory). */
  mountTmpfs(path: string, options: { readonly sizeBytes?: number }): Promise<void>;
  /** Mounts a hugetlbfs with pages of `pageSizeBytes`. */
  mountHugePages(path: string, pageSizeBytes: number): Promise<void>;
  bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void>;
  unmount(path: string): Promise<void>;
  isMountPoint(path: string): Promise<boolean>;
  /** Mount points at `path` and below it, deepest first. */
  mountsBelow(path: string): Promise<readonly string[]>;
}

/** Limits of one cgroup. What is absent is left as it is (`write`) or has no limit (`read`). */
export interface CgroupResources {
  readonly cpuShares?: number;
  /** Microseconds per period; -1: no limit. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** Bytes; -1: no limit. */
  readonly memoryLimit?: number;
  readonly pidsLimit?: number;
  readonly hugepageLimits?: Readonly<Record<string, number>>;
}

export interface Cgroups {
  readonly version: 1 | 2;
  readonly driver: 'cgroupfs' | 'systemd';
  /** The kernel accounts for swap. */
  readonly swapController: boolean;
  /** Creates the cgroup and its parents, or updates it. `name` is a path such as `/kubepods/besteffort/pod<uid>`. */
  write(name: string, resources: CgroupResources): Promise<void>;
  read(name: string): Promise<CgroupResources | undefined>;
  /** Kills what is left in it and removes it with its children. */
  remove(name: string): Promise<void>;
  /** Names of the pod cgroups below `name`, without the path. */
  children(name: string): Promise<readonly string[]>;
}

export interface HttpProbeRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly timeoutMs: number;
  /** At most this much of the body is returned. */
  readonly maxBodyBytes: number;
}
export interface HttpProbeResponse {
  readonly statusCode: number;
  readonly body: string;
  /** Set if the answer redirects. */
  readonly location?: string;
}

/**
 * Requests from the node to pods. Rejections carry Go's text of the failure in `message`, because it is shown in events:
 * `dial tcp 10.0.0.1:8080: connect: connection refused`.
 */
export interface NetworkProber {
  /** Does not follow redirects and does not check certificates. */
  http(request: HttpProbeRequest, signal: AbortSignal): Promise<HttpProbeResponse>;
  tcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** grpc.health.v1.Health/Check. Rejects with a GrpcError-like `code` if there is no health status. */
  grpc(
    request: { readonly host: string; readonly port: number; readonly service: string; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'>;
}

/** What the machine is; read once at the start. */
export interface MachineInfo {
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's GOARCH, such as `amd64`. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  /** Bytes by page size in bytes. */
  readonly hugePages: Readonly<Record<string, number>>;
}

export interface DiskUsage {
  /** Tells file systems apart; absent where there is but one. */
  readonly device?: number;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  /** Some of what is not used is kept for the system; absent: nothing is. */
  readonly usedBytes?: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface Machine {
  info(): Promise<MachineInfo>;
  /** What the machine's first interface has at this moment, for nodes that are not told their address. */
  defaultAddress(): Promise<string | undefined>;
  /** Of the file system that holds `path`. */
  disk(path: string): Promise<DiskUsage>;
  /** Bytes that can be handed out without swapping. */
  availableMemoryBytes(): Promise<number>;
  /** What the processors have worked since the machine was started; absent: `/proc/stat` says so. */
  cpuNanoSeconds?(): Promise<number>;
  /** Process ids: how many there may be and how many there are. */
  processes(): Promise<{ readonly max: number; readonly running: number }>;
  /** Bytes and inodes that a tree uses, like `du`. */
  usage(path: string): Promise<{ readonly bytes: number; readonly inodes: number }>;
  /** Node-wide sysctl, such as `kernel/panic`. */
  sysctl(name: string): Promise<string | undefined>;
}
