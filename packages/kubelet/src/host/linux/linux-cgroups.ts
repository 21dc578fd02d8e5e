import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isFileError } from '../file-system.ts';
import type { CgroupResources, Cgroups } from '../node-host.ts';

const ROOT = '/sys/fs/cgroup';
/** The hierarchies of cgroup v1 that pods are limited in. */
const V1_CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'hugetlb', 'blkio', 'devices', 'freezer'];
/** What v1 reports where there is no memory limit is at least this. */
const V1_UNLIMITED_BYTES = 2 ** 62;
const KILL_ROUNDS_MAX = 10;

/** The machine's cgroups, through the file system; cgroup v2 where it is mounted at the root. */
export async function linuxCgroups(): Promise<Cgroups> {
  if (await exists(join(ROOT, 'cgroup.controllers'))) {
    // The root has no limits of its own: any cgroup below it shows what there is.
    const [first] = await childrenOf(ROOT);
    return cgroupsV2(first !== undefined && (await exists(join(ROOT, first, 'memory.swap.max'))));
  }
  return cgroupsV1(await v1Hierarchies(), await exists(join(ROOT, 'memory/memory.memsw.limit_in_bytes')));
}

function cgroupsV1(hierarchies: readonly string[], swapController: boolean): Cgroups {
  const has = (controller: string): boolean => hierarchies.includes(controller);
  const file = (controller: string, name: string, key: string): string => join(ROOT, controller, name, key);
  return {
    version: 1,
    driver: 'cgroupfs',
    swapController,
    async write(name, resources) {
      for (const controller of hierarchies) await mkdir(join(ROOT, controller, name), { recursive: true });
      const set = async (controller: string, key: string, value: number | undefined): Promise<void> => {
        if (value !== undefined && has(controller)) await writeFile(file(controller, name, key), String(value));
      };
      if (has('cpuset')) await inheritCpuset(name);
      await set('cpu', 'cpu.shares', resources.cpuShares);
      await set('cpu', 'cpu.cfs_period_us', resources.cpuPeriod);
      await set('cpu', 'cpu.cfs_quota_us', resources.cpuQuota);
      await set('memory', 'memory.limit_in_bytes', resources.memoryLimit);
      await set('pids', 'pids.max', resources.pidsLimit);
      for (const [size, bytes] of Object.entries(resources.hugepageLimits ?? {})) {
        await set('hugetlb', `hugetlb.${size}.limit_in_bytes`, bytes);
      }
    },
    async read(name) {
      if (!(await exists(join(ROOT, 'memory', name)))) return undefined;
      const number = async (controller: string, key: string): Promise<number | undefined> => {
        const text = await readText(file(controller, name, key));
        return text === undefined || text === 'max' ? undefined : Number(text);
      };
      const [cpuShares, cpuQuota, cpuPeriod, memoryLimit, pidsLimit] = await Promise.all([
        number('cpu', 'cpu.shares'),
        number('cpu', 'cpu.cfs_quota_us'),
        number('cpu', 'cpu.cfs_period_us'),
        number('memory', 'memory.limit_in_bytes'),
        number('pids', 'pids.max'),
      ]);
      return present({
        cpuShares,
        cpuQuota: cpuQuota === -1 ? undefined : cpuQuota,
        cpuPeriod,
        memoryLimit: memoryLimit !== undefined && memoryLimit >= V1_UNLIMITED_BYTES ? undefined : memoryLimit,
        pidsLimit,
      });
    },
    async remove(name) {
      const [first] = hierarchies;
      if (first !== undefined) await killAll(join(ROOT, first, name));
      for (const controller of hierarchies) await removeTree(join(ROOT, controller, name));
    },
    children: (name) => childrenOf(join(ROOT, hierarchies[0] ?? 'memory', name)),
  };
}

function cgroupsV2(swapController: boolean): Cgroups {
  const file = (name: string, key: string): string => join(ROOT, name, key);
  return {
    version: 2,
    driver: 'cgroupfs',
    swapController,
    async write(name, resources) {
      await makeV2(name);
      const set = async (key: string, value: string | undefined): Promise<void> => {
        if (value !== undefined) await writeFile(file(name, key), value);
      };
      const { cpuShares, cpuQuota, cpuPeriod = 100_000, memoryLimit, pidsLimit } = resources;
      await set('cpu.weight', cpuShares === undefined ? undefined : String(weightOf(cpuShares)));
      await set('cpu.max', cpuQuota === undefined ? undefined : `${cpuQuota < 0 ? 'max' : cpuQuota} ${cpuPeriod}`);
      await set('memory.max', limitText(memoryLimit));
      await set('pids.max', limitText(pidsLimit));
      for (const [size, bytes] of Object.entries(resources.hugepageLimits ?? {})) {
        await set(`hugetlb.${size}.max`, String(bytes));
      }
    },
    async read(name) {
      const weight = await readText(file(name, 'cpu.weight'));
      if (weight === undefined) return undefined;
      const [quota, period] = ((await readText(file(name, 'cpu.max'))) ?? '').split(' ');
      const limit = async (key: string): Promise<number | undefined> => {
        const text = await readText(file(name, key));
        return text === undefined || text === 'max' ? undefined : Number(text);
      };
      return present({
        cpuShares: sharesOf(Number(weight)),
        cpuQuota: quota === undefined || quota === 'max' || quota === '' ? undefined : Number(quota),
        cpuPeriod: period === undefined ? undefined : Number(period),
        memoryLimit: await limit('memory.max'),
        pidsLimit: await limit('pids.max'),
      });
    },
    async remove(name) {
      await killAll(join(ROOT, name));
      await removeTree(join(ROOT, name));
    },
    children: (name) => childrenOf(join(ROOT, name)),
  };
}

/** Creates the cgroup and its parents, each with its parent's controllers switched on. */
async function makeV2(name: string): Promise<void> {
  let path = ROOT;
  for (const part of name.split('/').filter(Boolean)) {
    const controllers = ((await readText(join(path, 'cgroup.controllers'))) ?? '').split(' ').filter(Boolean);
    await writeFile(join(path, 'cgroup.subtree_control'), controllers.map((each) => `+${each}`).join(' ')).catch(() => {
      // A cgroup with processes of its own cannot hand controllers on; what is missing shows when limits are set.
    });
    path = join(path, part);
    await mkdir(path, { recursive: true });
  }
}

/** Shares 2 to 262144 as weight 1 to 10000. Source: KEP-2254 */
function weightOf(shares: number): number {
  return Math.floor(1 + ((Math.max(2, shares) - 2) * 9999) / 262_142);
}

function sharesOf(weight: number): number {
  return Math.floor(2 + ((weight - 1) * 262_142) / 9999);
}

function limitText(limit: number | undefined): string | undefined {
  return limit === undefined ? undefined : limit < 0 ? 'max' : String(limit);
}

/** A new cpuset of v1 is empty and cannot take processes: it gets its parent's processors and memory. */
async function inheritCpuset(name: string): Promise<void> {
  let path = join(ROOT, 'cpuset');
  for (const part of name.split('/').filter(Boolean)) {
    const parent = path;
    path = join(path, part);
    for (const key of ['cpuset.cpus', 'cpuset.mems']) {
      if ((await readText(join(path, key))) === '') {
        await writeFile(join(path, key), (await readText(join(parent, key))) ?? '');
      }
    }
  }
}

/** Kills what is in the cgroup and below it; what starts meanwhile is killed in the next round. */
async function killAll(path: string): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS_MAX; round++) {
    const pids = await processesBelow(path);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (!isFileError(error, 'ESRCH')) throw error;
      }
    }
  }
}

async function processesBelow(path: string): Promise<readonly number[]> {
  const text = (await readText(join(path, 'cgroup.procs'))) ?? '';
  const own = text.split('\n').filter(Boolean).map(Number);
  const below = await Promise.all((await childrenOf(path)).map((child) => processesBelow(join(path, child))));
  return [...own, ...below.flat()];
}

async function removeTree(path: string): Promise<void> {
  for (const child of await childrenOf(path)) await removeTree(join(path, child));
  try {
    await rmdir(path);
  } catch (error) {
    if (!isFileError(error, 'ENOENT')) throw error;
  }
}

async function childrenOf(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}

async function v1Hierarchies(): Promise<readonly string[]> {
  const found = await Promise.all(V1_CONTROLLERS.map((name) => exists(join(ROOT, name, 'cgroup.procs'))));
  return V1_CONTROLLERS.filter((_, index) => found[index]);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Without what is undefined. */
function present(resources: {
  readonly [K in keyof CgroupResources]: CgroupResources[K] | undefined;
}): CgroupResources {
  return Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== undefined));
}
