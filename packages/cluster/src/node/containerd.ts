import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import type { Clock } from '@kts/base';

/** Where one node's containerd keeps its things; nothing of the host's own containerd is shared. */
export interface ContainerdConfig {
  /** Its configuration, log, root and CNI folders are made here. */
  readonly directory: string;
  /** Runtime state and sockets: a short path, because a socket's may have at most 107 bytes. */
  readonly runDirectory: string;
  readonly networkNamespace: string;
  readonly hostName: string;
  /** The node's address: exec and attach streams are served there. */
  readonly address: string;
  readonly podCidr: string;
  readonly sandboxImage: string;
  readonly cniBinDirectory: string;
  /** containerd's `hosts.toml` files: one folder per registry, or `_default`. Need not exist. */
  readonly registryDirectory: string;
  /** Variables of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Containerd {
  readonly socket: string;
  readonly pid: number;
  /** Ends the daemon; containers that still run are left to their shims. */
  stop(): Promise<void>;
}

/** How long containerd may take to answer on its socket, and to end. */
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
const POLL_MS = 10;

/** Starts a node's containerd, or takes over the one that an earlier run has left behind. */
export async function startContainerd(
  config: ContainerdConfig,
  clock: Clock,
  signal: AbortSignal,
): Promise<Containerd> {
  const running = await findContainerd(config.runDirectory, clock);
  const { containerd, ended } = running
    ? { containerd: running, ended: () => undefined }
    : await spawnContainerd(config, clock);
  const deadline = clock.monotonic() + START_MS_MAX;
  while (!(await answers(containerd.socket))) {
    const reason = ended() ?? (clock.monotonic() > deadline ? `no answer within ${START_MS_MAX / 1000} s` : undefined);
    if (reason)
      throw new Error(`containerd did not start (${reason}); see ${join(config.directory, 'containerd.log')}`);
    await clock.sleep(POLL_MS, signal);
  }
  return containerd;
}

/** `ended` tells why the process is gone, if it is. */
async function spawnContainerd(
  config: ContainerdConfig,
  clock: Clock,
): Promise<{ readonly containerd: Containerd; readonly ended: () => string | undefined }> {
  const { socket, pidFile } = filesOf(config.runDirectory);
  const cniDirectory = join(config.directory, 'cni');
  await mkdir(cniDirectory, { recursive: true });
  await mkdir(config.runDirectory, { recursive: true });
  await rm(socket, { force: true });
  await writeFile(join(cniDirectory, '10-kts.conflist'), cniConfig(config));
  const configFile = join(config.directory, 'containerd.toml');
  await writeFile(configFile, containerdToml(config, socket, cniDirectory));

  const log = await open(join(config.directory, 'containerd.log'), 'a');
  const child = spawn('nsenter', containerdCommand(config, configFile), {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: config.environment,
  });
  let ended: string | undefined;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code) => (ended = `exit code ${code}`));
  child.unref();
  await log.close();
  // At once, not when it answers: a kts that is killed before that must find it again.
  if (child.pid === undefined) throw new Error('containerd did not start: nsenter cannot be run');
  await writeFile(pidFile, String(child.pid));
  return { containerd: handle(socket, child.pid, pidFile, clock), ended: () => ended };
}

/** Arguments of nsenter. With a host name of its own, which pods in the node's network see too; every step keeps the process id. */
export function containerdCommand(
  { networkNamespace, hostName }: Pick<ContainerdConfig, 'networkNamespace' | 'hostName'>,
  configFile: string,
): readonly string[] {
  const script = 'echo "$0" > /proc/sys/kernel/hostname && exec containerd --config "$1"';
  return [`--net=${networkNamespace}`, 'unshare', '--uts', 'sh', '-c', script, hostName, configFile];
}

/** The containerd whose process an earlier run has left behind. */
export async function findContainerd(runDirectory: string, clock: Clock): Promise<Containerd | undefined> {
  const { socket, pidFile } = filesOf(runDirectory);
  const pid = await readPid(pidFile);
  return pid === undefined ? undefined : handle(socket, pid, pidFile, clock);
}

function filesOf(runDirectory: string): { readonly socket: string; readonly pidFile: string } {
  return { socket: join(runDirectory, 'containerd.sock'), pidFile: join(runDirectory, 'containerd.pid') };
}

function handle(socket: string, pid: number, pidFile: string, clock: Clock): Containerd {
  return {
    socket,
    pid,
    stop: async () => {
      for (const [name, wait] of [
        ['SIGTERM', STOP_MS_MAX],
        ['SIGKILL', STOP_MS_MAX],
      ] as const) {
        if (!isAlive(pid)) break;
        process.kill(pid, name);
        const deadline = clock.monotonic() + wait;
        while (isAlive(pid) && clock.monotonic() < deadline) await clock.sleep(POLL_MS);
      }
      await rm(pidFile, { force: true });
    },
  };
}

/** The process id of a file, if that process is still a containerd. */
async function readPid(file: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(file, 'utf8'));
    const name = await readFile(`/proc/${pid}/comm`, 'utf8');
    return name.trim() === 'containerd' ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socket);
  connection.on('connect', () => {
    connection.destroy();
    resolve(true);
  });
  connection.on('error', () => resolve(false));
  return promise;
}

/**
 * containerd's own configuration; version 2 is understood by 1.4 to 2.x. Devices by name (CDI) work from 1.7 on; earlier
 * ones do not know the setting, and take no notice of it. Scores for the kernel's out-of-memory killer are
 * kept at or above containerd's own: a machine that is itself a container may not go lower.
 */
export function containerdToml(config: ContainerdConfig, socket: string, cniDirectory: string): string {
  const text = (value: string): string => JSON.stringify(value);
  return `version = 2
root = ${text(join(config.directory, 'root'))}
state = ${text(join(config.runDirectory, 'state'))}
oom_score = -999

[grpc]
  address = ${text(socket)}

[ttrpc]
  address = ${text(`${socket}.ttrpc`)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(config.sandboxImage)}
  stream_server_address = ${text(config.address)}
  stream_server_port = "0"
  enable_tls_streaming = false
  restrict_oom_score_adj = true
  enable_cdi = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(config.registryDirectory)}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(config.cniBinDirectory)}
    conf_dir = ${text(cniDirectory)}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

/** The pod network of one node: a bridge, addresses of the node's pod range, and hostPort. */
export function cniConfig(config: Pick<ContainerdConfig, 'directory' | 'podCidr'>): string {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: config.podCidr }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: join(config.directory, 'ipam'),
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'kts', plugins: [bridge, portmap] }, null, 2)}\n`;
}
