import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Why tests with a real etcd cannot run here; undefined: they can. */
export function cannotRunEtcd(): string | undefined {
  const { error } = spawnSync('etcd', ['--version'], { stdio: 'ignore' });
  return error ? 'etcd is not installed (Debian: apt-get install etcd-server)' : undefined;
}

/** A real etcd with one member, for tests. */
export interface EtcdServer {
  readonly endpoint: string;
  /** Kills it, as a crash would. What it has acknowledged is kept. */
  kill(): Promise<void>;
  /** Starts it again with what it has kept; resolves when it serves. */
  start(): Promise<void>;
  /** Ends it and deletes everything. */
  remove(): Promise<void>;
}

/** @param flags more flags, such as those for TLS */
export async function startEtcd(scheme: 'http' | 'https' = 'http', flags: readonly string[] = []): Promise<EtcdServer> {
  const directory = mkdtempSync(join(tmpdir(), 'kts-etcd-'));
  const [clients, peers] = [await freePort(), await freePort()];
  const endpoint = `${scheme}://127.0.0.1:${clients}`;
  const peer = `http://127.0.0.1:${peers}`;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const urls = `--listen-client-urls ${endpoint} --advertise-client-urls ${endpoint} --listen-peer-urls ${peer}`;
    const cluster = `--initial-advertise-peer-urls ${peer} --initial-cluster default=${peer}`;
    const args = ['--data-dir', directory, ...`${urls} ${cluster}`.split(' '), ...flags];
    child = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    // Its log has to be read to the end, or it stops.
    const lines = createInterface(child.stderr!);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    lines.on('line', (line) => {
      if (/ready to serve client requests|serving client traffic/.test(line)) resolve();
    });
    child.on('exit', () => reject(new Error('etcd ended by itself')));
    await promise;
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  await start();
  return {
    endpoint,
    kill,
    start,
    remove: async () => {
      await kill();
      rmSync(directory, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
