/** A cluster of five processes, each started with upstream's flags, works like one made of one. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { silentLogger, systemClock, systemRandom, TaskGroup } from '@kts/base';

import type { ClusterConfig } from '../../packages/cluster/src/cluster-config.ts';
import { dataDirectory } from '../../packages/cluster/src/data-directory.ts';
import { prepareRealNodes } from '../../packages/cluster/src/node/prepare-nodes.ts';
import { nodeControlGroup } from '../../packages/cluster/src/node/tear-down-nodes.ts';
import { lineProgress } from '../../packages/cluster/src/progress.ts';
import { KTS } from './harness/cluster.ts';
import { run, succeed, words, type CommandOptions } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { clusterTraces, leftovers } from './harness/leftovers.ts';
import { cannotRunContainers } from './harness/requirements.ts';
import { toolPath } from './harness/tools.ts';

const IMAGE = 'kts.local/demo:v1';
const CLUSTER_CIDR = '10.244.0.0/16';
const SERVICE_CIDR = '10.96.0.0/16';
const SERVES_V1 = /^kts demo v1 on web-\S+\n$/;
const STOP_MS_MAX = 1_000;
const COMPONENTS = ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy'] as const;
type Component = (typeof COMPONENTS)[number];

/** The network, the containerd and the images of one node, and the five processes. */
class FiveProcesses {
  readonly name = `five${process.pid}`;
  readonly namespace = `kts-${this.name}-1`;
  readonly nodeName = `${this.name}-1`;
  readonly kubeconfig: string;
  readonly #directory: string;
  readonly #cleanUp = new AsyncDisposableStack();
  readonly #processes = new Map<Component, ChildProcess>();
  #addresses = { host: '', node: '', socket: '' };

  constructor(directory: string) {
    this.#directory = directory;
    this.kubeconfig = join(directory, 'kubeconfig');
  }

  /** Everything that is no component: a network namespace with a containerd in it. */
  async prepareNode(): Promise<void> {
    const group = new TaskGroup(new AbortController().signal);
    const config = {
      name: this.name,
      nodes: 1,
      install: false,
      clusterCidr: CLUSTER_CIDR,
      serviceClusterIpRange: SERVICE_CIDR,
    } as ClusterConfig;
    const { network, runtimes } = await prepareRealNodes(
      config,
      dataDirectory(join(this.#directory, 'data')),
      {
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
        progress: lineProgress(systemClock, () => {}),
        path: process.env['PATH'] ?? '',
      },
      group,
      this.#cleanUp,
    );
    const [node] = await runtimes;
    this.#addresses = { host: network.hostAddress, node: node!.network.address, socket: node!.containerd.socket };
  }

  /** Upstream's flags, in the spellings that upstream takes. */
  #flags(component: Component): readonly string[] {
    const { host, node, socket } = this.#addresses;
    const pki = join(this.#directory, 'api/pki');
    const client = `--kubeconfig=${this.kubeconfig}`;
    switch (component) {
      case 'apiserver':
        return words(`--data-dir ${this.#directory}/api --write-kubeconfig ${this.kubeconfig} -v 1
          --bind-address=${host} --secure-port=${this.#port()} --service-cluster-ip-range=${SERVICE_CIDR}`);
      case 'controller-manager':
        return words(`${client} --leader-elect=false --v=1 --root-ca-file=${pki}/ca.crt
          --cluster-signing-cert-file=${pki}/ca.crt --cluster-signing-key-file=${pki}/ca.key`);
      case 'scheduler':
        return words(`${client} --leader-elect -v 1`);
      case 'kubelet':
        return words(`${client} --hostname-override=${this.nodeName} --node-ip=${node} -v=1
          --container-runtime-endpoint=unix://${socket} --root-dir=${this.#directory}/kubelet
          --cgroup-root=${nodeControlGroup(this.nodeName)} --client-ca-file=${pki}/ca.crt`);
      case 'proxy':
        return words(`${client} --hostname-override=${this.nodeName} --cluster-cidr=${CLUSTER_CIDR} --v 1`);
    }
  }

  /** Any free one at first, later the one that all others know. */
  #port(): string {
    if (!existsSync(this.kubeconfig)) return '0';
    return /https:\/\/[\d.]+:(\d+)/.exec(readFileSync(this.kubeconfig, 'utf8'))![1]!;
  }

  start(component: Component): void {
    const isOnNode = component === 'kubelet' || component === 'proxy';
    const command = [
      ...(isOnNode ? ['nsenter', `--net=/run/netns/${this.namespace}`] : []),
      KTS,
      component,
      ...this.#flags(component),
    ];
    const log = openSync(this.#logFile(component), 'a');
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', log, log] });
    this.#processes.set(component, child);
  }

  log(component: Component): string {
    return readFileSync(this.#logFile(component), 'utf8');
  }

  #logFile(component: Component): string {
    return join(this.#directory, `${component}.log`);
  }

  isRunning(component: Component): boolean {
    const { exitCode, signalCode } = this.#processes.get(component)!;
    return exitCode === null && signalCode === null;
  }

  /** Sends a signal and waits for the end; returns the exit code and how long that took. */
  async end(
    component: Component,
    signal: NodeJS.Signals,
  ): Promise<{ readonly code: number | null; readonly ms: number }> {
    const child = this.#processes.get(component)!;
    const started = systemClock.monotonic();
    if (this.isRunning(component)) {
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(10_000) });
      child.kill(signal);
      await ended;
    }
    return { code: child.exitCode, ms: systemClock.monotonic() - started };
  }

  kubectl(line: string | readonly string[], options?: CommandOptions): Promise<string> {
    const environment = { KUBECONFIG: this.kubeconfig, HOME: this.#directory };
    return succeed([toolPath('kubectl'), ...words(line)], { timeoutMs: 40_000, ...options, environment });
  }

  onNode(line: string): Promise<string> {
    return succeed(['ip', 'netns', 'exec', this.namespace, ...words(line)], { timeoutMs: 10_000 });
  }

  async remove(): Promise<void> {
    const traces = clusterTraces(this.name, join(this.#directory, 'data'));
    for (const component of this.#processes.keys()) await this.end(component, 'SIGKILL');
    await this.#cleanUp.disposeAsync();
    for (const path of globSync('/var/log/pods/five_*')) await rm(path, { recursive: true, force: true });
    for (const mount of mountsBelow(this.#directory)) await succeed(['umount', mount]);
    await rm(this.#directory, { recursive: true, force: true });
    assert.deepEqual(leftovers(traces), []);
  }
}

function mountsBelow(directory: string): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();
}

describe('a cluster of five processes', { skip: cannotRunContainers, timeout: 120_000 }, () => {
  let cluster: FiveProcesses;
  before(async () => {
    cluster = new FiveProcesses(await mkdtemp(join(tmpdir(), 'kts-five-')));
    await cluster.prepareNode();
    cluster.start('apiserver');
    await eventually(() => assert.ok(existsSync(cluster.kubeconfig), cluster.log('apiserver')), 10_000);
    for (const component of COMPONENTS.slice(1)) cluster.start(component);
    await cluster.kubectl('create namespace five');
  });
  after(() => cluster.remove());

  const ready = (count: number): Promise<void> =>
    eventually(async () => {
      const text = await cluster.kubectl('-n five get deployment web -o jsonpath={.status.readyReplicas}');
      assert.equal(text, String(count));
    });
  let service = '';
  const serves = (): Promise<void> =>
    eventually(async () => assert.match(await cluster.onNode(`curl -s --max-time 2 http://${service}/`), SERVES_V1));

  it('runs pods and a Service', async () => {
    await cluster.kubectl(`-n five create deployment web --image=${IMAGE} --replicas=3`);
    await cluster.kubectl('-n five expose deployment web --port=80 --target-port=8080');
    await ready(3);
    service = await cluster.kubectl('-n five get service web -o jsonpath={.spec.clusterIP}');
    await serves();
  });

  it('gives logs and runs commands, by a kubelet that has made its own certificate', async () => {
    assert.match(await cluster.kubectl('-n five logs deployment/web'), /demo v1 listening on port 8080/);
    assert.match(await cluster.kubectl('-n five exec deployment/web -- cat /etc/hostname'), /^web-/);
  });

  it('goes on when the API server was killed and is started again', async () => {
    await cluster.end('apiserver', 'SIGKILL');
    await serves();
    cluster.start('apiserver');
    await eventually(() => cluster.kubectl('-n five scale deployment web --replicas=4'), 10_000);
    await ready(4);
    await serves();
    for (const component of COMPONENTS) assert.ok(cluster.isRunning(component), cluster.log(component));
  });

  it('deletes what it has run', async () => {
    await cluster.kubectl('-n five delete service,deployment web --cascade=foreground --timeout=35s');
    await eventually(async () => assert.equal(await cluster.kubectl('-n five get pods -o name'), ''));
  });

  it('ends within a second when it is told to', async () => {
    for (const component of COMPONENTS.toReversed()) {
      const { code, ms } = await cluster.end(component, 'SIGTERM');
      assert.equal(code, 0, `${component}: ${cluster.log(component)}`);
      assert.ok(ms < STOP_MS_MAX, `${component} took ${ms} ms`);
    }
  });
});

describe('the command line of a component', () => {
  const refused = async (line: string, message: RegExp): Promise<void> => {
    const { code, stderr } = await run([KTS, ...words(line)], { timeoutMs: 20_000 });
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  };

  for (const component of COMPONENTS) {
    it(`${component} refuses a flag that it does not know`, () =>
      refused(`${component} --foo`, /unknown flag: --foo\n$/));
  }
  for (const component of COMPONENTS.slice(1)) {
    it(`${component} names a kubeconfig that is not there`, () =>
      refused(
        `${component} --kubeconfig=/nowhere -v 2`,
        /cannot read kubeconfig \/nowhere: no such file or directory/,
      ));
  }
});
