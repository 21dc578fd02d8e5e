/** A cluster started by `./kts up` for a benchmark. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const KTS = join(import.meta.dirname, '..', 'kts');
const START_MS_MAX = 120_000;

export interface KtsProcess {
  readonly pid: number;
  readonly directory: string;
  readonly kubeconfig: string;
  /** When the process was started, by `performance.now`. */
  readonly begun: number;
  /** Looks again and again until `what` is true; answers how long after the start that was. Rejects if the process ends. */
  until(what: () => Promise<boolean>, pollMs?: number): Promise<number>;
  stop(): Promise<void>;
}

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'kts-bench-'));

/** Starts a cluster in `directory`, which is kept. */
export function startKts(directory: string, flags: readonly string[]): KtsProcess {
  const kubeconfig = join(directory, 'bench.kubeconfig');
  const begun = performance.now();
  const common = ['--name', 'bench', '--data-dir', directory, '--kubeconfig', kubeconfig];
  const server = spawn(KTS, ['up', ...common, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  server.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  return {
    pid: server.pid!,
    directory,
    kubeconfig,
    begun,
    async until(what, pollMs = 2) {
      while (!(await what())) {
        if (server.exitCode !== null) throw new Error(`kts up has ended: ${complaint}`);
        if (performance.now() - begun > START_MS_MAX) throw new Error('the cluster did not get there in time');
        await sleep(pollMs);
      }
      return performance.now() - begun;
    },
    stop: () => stop(server),
  };
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true });
}
