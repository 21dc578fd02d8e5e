import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { createLogger, systemClock, systemRandom } from '@kts/base';
import { lineProgress, startCluster, terminalProgress, type Cluster, type ClusterConfig } from '@kts/cluster';

import { clusterConfig, clusterLocation } from '../cluster-options.ts';
import type { Invocation } from '../command-line.ts';
import { processMemory } from '../process-memory.ts';
import { mergeIntoUserKubeconfig, writeKubeconfig } from '../user-files.ts';

/** What a detached cluster tells the command that has started it. */
export type DetachedMessage = { readonly type: 'text' | 'failed'; readonly text: string } | { readonly type: 'ready' };

export async function runUp(invocation: Invocation): Promise<number> {
  return invocation.flags.boolean('detach') ? startDetached(invocation) : runInForeground(invocation);
}

async function runInForeground({ flags }: Invocation): Promise<number> {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const config = clusterConfig(flags, { canRunContainers: isRoot });
  const tell = (text: string): void => {
    if (process.send) process.send({ type: 'text', text } satisfies DetachedMessage);
    else process.stdout.write(text);
  };
  const isTerminal = process.stdout.isTTY && !process.send;
  const progress = (isTerminal ? terminalProgress : lineProgress)(systemClock, tell);
  if (config.runtime === 'simulated' && flags.string('runtime') !== 'simulated' && !isRoot) {
    progress.note('Real containers need root on Linux: running simulated nodes.');
  }
  const log = createLogger({
    clock: systemClock,
    write: (line) => process.stderr.write(line),
    verbosity: flags.number('verbosity') ?? 0,
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

  const started = systemClock.monotonic();
  const cluster = await startCluster(
    config,
    {
      clock: systemClock,
      random: systemRandom,
      log,
      progress,
      pid: process.pid,
      path: process.env['PATH'] ?? '',
      memory: processMemory(),
    },
    stop.signal,
  );
  const kubeconfig = await publishKubeconfig(config, cluster, flags.string('kubeconfig'));
  tell(readyText(config, cluster, kubeconfig, systemClock.monotonic() - started));
  if (process.send) {
    process.send({ type: 'ready' } satisfies DetachedMessage);
    process.disconnect?.();
  }
  await cluster.stopped;
  return 0;
}

async function publishKubeconfig(
  config: ClusterConfig,
  cluster: Cluster,
  file: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) {
    await mergeIntoUserKubeconfig(cluster.kubeconfig, config.name);
    return undefined;
  }
  await writeKubeconfig(file, cluster.kubeconfig);
  return file;
}

function readyText(config: ClusterConfig, cluster: Cluster, kubeconfig: string | undefined, elapsedMs: number): string {
  const where = kubeconfig ? `kubeconfig ${kubeconfig}` : `context ${config.name} of your kubeconfig`;
  const prefix = kubeconfig ? `kubectl --kubeconfig ${kubeconfig}` : 'kubectl';
  return `
Cluster ${config.name} is ready after ${(elapsedMs / 1000).toFixed(2)} s: ${cluster.server} (${where}).

  ${prefix} get nodes
  ${prefix} create deployment web --image=kts.local/demo:v1 --replicas=3
  ${prefix} get pods -o wide --watch
`;
}

/** Starts `up` without `--detach` as a process of its own, shows its progress, and leaves it when it is ready. */
async function startDetached(invocation: Invocation): Promise<number> {
  const { dataDirectory } = clusterLocation(invocation.flags);
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const logFile = join(dataDirectory, 'kts.log');
  const log = openSync(logFile, 'a');
  const rest = invocation.rest.filter((argument) => argument !== '--detach' && argument !== '--detach=true');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'up', ...rest], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  let hasReason = false;
  child.on('message', (message: DetachedMessage) => {
    if (message.type === 'ready') {
      child.disconnect();
      child.unref();
      resolve(0);
    } else if (message.type === 'failed') {
      hasReason = true;
      process.stderr.write(message.text);
    } else process.stdout.write(message.text);
  });
  child.on('exit', (code) => {
    if (!hasReason) process.stderr.write(`kts: the cluster could not be started; see ${logFile}\n`);
    resolve(code || 1);
  });
  return promise;
}
