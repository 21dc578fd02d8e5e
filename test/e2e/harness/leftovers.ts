/** What a cluster has put onto the machine, found without asking kts: nothing of it may be there once it is gone. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Enough to recognise everything of a cluster after it is gone; taken while it is there. */
export interface ClusterTraces {
  readonly name: string;
  readonly dataDirectory: string;
  /** Network namespaces of its pods: nothing in their names tells whose they are. */
  readonly podNamespaces: readonly string[];
}

export function clusterTraces(name: string, dataDirectory: string): ClusterTraces {
  return {
    name,
    dataDirectory,
    podNamespaces: globSync(`/run/kts/${name}/*/state/io.containerd.runtime.v2.task/k8s.io/*/config.json`).flatMap(
      podNamespacesOf,
    ),
  };
}

function interfacesOf(name: string): readonly string[] {
  return globSync('/sys/class/net/ktsbr*')
    .filter((bridge) => readText(`${bridge}/ifalias`)?.trim() === `kts cluster ${name}`)
    .flatMap((bridge) => [bridge, ...globSync(`${bridge}/brif/*`)])
    .map((path) => `/sys/class/net/${basename(path)}`);
}

interface RuntimeSpec {
  readonly linux?: { readonly namespaces?: readonly { readonly type: string; readonly path?: string }[] };
}

function podNamespacesOf(configPath: string): readonly string[] {
  const text = readText(configPath);
  const namespaces = text ? ((JSON.parse(text) as RuntimeSpec).linux?.namespaces ?? []) : [];
  // A container names its sandbox's namespace through a process; only the sandbox has the namespace's own path.
  return namespaces
    .filter(({ type, path }) => type === 'network' && path !== undefined && !path.startsWith('/proc/'))
    .map(({ path }) => path!.replace(/^\/var\/run\//, '/run/'));
}

/** Processes, mounts, network namespaces, interfaces, control groups and run-time files; one line each. */
export function leftovers(traces: ClusterTraces): readonly string[] {
  const { name } = traces;
  const ownPaths = [`${traces.dataDirectory}/`, `/run/kts/${name}/`];
  const isOwn = (text: string): boolean => ownPaths.some((path) => text.includes(path));
  const mounts = (readText('/proc/self/mountinfo') ?? '').split('\n').map((line) => line.split(' ')[4] ?? '');
  const namespaces = mounts.filter(
    (path) => path.startsWith(`/run/netns/kts-${name}-`) || traces.podNamespaces.includes(path),
  );
  return [
    ...processes()
      .filter(({ command }) => isOwn(command))
      .map(({ pid, command }) => `process ${pid}: ${command}`),
    ...mounts.filter((path) => isOwn(`${path}/`)).map((path) => `mount ${path}`),
    ...namespaces.map((path) => `network namespace ${path}`),
    ...interfacesOf(name).map((each) => `interface ${each}`),
    ...globSync([`/sys/fs/cgroup/kts/${name}-*`, `/sys/fs/cgroup/*/kts/${name}-*`]).map((path) => `cgroup ${path}`),
    ...globSync(`/run/kts/${name}`).map((path) => `directory ${path}`),
  ];
}

function processes(): readonly { readonly pid: number; readonly command: string }[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((path) => {
    const command = readText(path)?.replaceAll('\0', ' ').trim();
    return command ? [{ pid: Number(path.split('/')[2]), command }] : [];
  });
}

/** Undefined if the file is not there, as a process that has just ended. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
