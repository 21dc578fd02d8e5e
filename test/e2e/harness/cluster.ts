import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, succeed, words, type CommandOptions, type CommandResult } from './command.ts';
import { eventually } from './eventually.ts';
import { clusterTraces, leftovers, type ClusterTraces } from './leftovers.ts';
import { toolPath } from './tools.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const KTS = join(ROOT, 'kts');
/** A first start may install Debian packages. */
const START_MS_MAX = 180_000;
const GONE_MS_MAX = 10_000;

let clusters = 0;

/** What `state.json` of a running cluster says, as far as tests need it. */
interface ClusterState {
  readonly pid: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly address?: string;
    readonly containerdSocket?: string;
  }[];
}

/** A cluster of one test file: started by `./kts up --detach` as a user would, in a directory of its own. */
export class TestCluster {
  readonly name: string;
  /** Holds everything that the cluster and its tests write; removed with the cluster. */
  readonly directory: string;
  readonly dataDirectory: string;
  readonly kubeconfig: string;
  readonly #upFlags: readonly string[];
  readonly #seen: ClusterTraces[] = [];

  constructor(directory: string, upFlags: readonly string[]) {
    this.name = `t${process.pid}-${++clusters}`;
    this.directory = directory;
    this.dataDirectory = join(directory, 'data');
    this.kubeconfig = join(directory, 'kubeconfig');
    this.#upFlags = upFlags;
  }

  /** Commands see the cluster's kubeconfig only, and never the user's files. */
  get environment(): Readonly<Record<string, string>> {
    return { KUBECONFIG: this.kubeconfig, HOME: this.directory };
  }

  /** What the running cluster says about itself. */
  get state(): ClusterState {
    return JSON.parse(readFileSync(join(this.dataDirectory, 'state.json'), 'utf8')) as ClusterState;
  }

  /** Starts the cluster, the first time or again; returns what `kts up` printed. */
  up(): Promise<string> {
    return succeed(
      [KTS, 'up', '--detach', ...this.location, '--port', '0', '--kubeconfig', this.kubeconfig, ...this.#upFlags],
      { environment: this.environment, timeoutMs: START_MS_MAX },
    );
  }

  get location(): readonly string[] {
    return ['--name', this.name, '--data-dir', this.dataDirectory];
  }

  async down(): Promise<void> {
    this.#rememberTraces();
    await succeed([KTS, 'down', ...this.location], { environment: this.environment });
  }

  /** `kill -9` of the whole program. What it runs (containerd, containers) goes on. */
  async kill(): Promise<void> {
    this.#rememberTraces();
    const { pid } = this.state;
    process.kill(pid, 'SIGKILL');
    await eventually(() => assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} is still there`));
  }

  /** Everything of this cluster that is on the machine, one line each. */
  leftovers(): readonly string[] {
    this.#rememberTraces();
    return [...new Set(this.#seen.flatMap(leftovers))];
  }

  /** Ends the cluster for good and asserts that nothing is left of it. For `after`: it also works when a test has failed. */
  async remove(): Promise<void> {
    this.#rememberTraces();
    await succeed([KTS, 'reset', ...this.location], { environment: this.environment });
    try {
      await eventually(() => assert.deepEqual(this.leftovers(), []), GONE_MS_MAX);
    } finally {
      await rm(this.directory, { recursive: true, force: true });
    }
  }

  /** Runs kubectl 1.36; rejects if it fails. Returns its output. */
  kubectl(line: string | readonly string[], options?: CommandOptions): Promise<string> {
    return succeed([toolPath('kubectl'), ...words(line)], this.#with(options));
  }

  /** Runs kubectl 1.36, whether it fails or not. */
  tryKubectl(line: string | readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return run([toolPath('kubectl'), ...words(line)], this.#with(options));
  }

  /** What `kubectl get ... -o json` says. */
  async get<T>(line: string): Promise<T> {
    return JSON.parse(await this.kubectl(`get ${line} -o json`)) as T;
  }

  /** Applies manifests: YAML or a value. */
  apply(manifest: string | object, flags = ''): Promise<string> {
    const input = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    return this.kubectl(`apply ${flags} -f -`, { input });
  }

  /** Waits with `kubectl wait`, such as `pod/a --for=condition=Ready`. */
  waitFor(line: string, seconds = 45): Promise<string> {
    return this.kubectl(`wait ${line} --timeout=${seconds}s`);
  }

  rollout(deployment: string, seconds = 45): Promise<string> {
    return this.kubectl(`rollout status ${deployment} --timeout=${seconds}s`);
  }

  helm(line: string | readonly string[]): Promise<string> {
    return succeed([toolPath('helm'), ...words(line)], this.#with());
  }

  #with(options?: CommandOptions): CommandOptions {
    return { ...options, environment: { ...this.environment, ...options?.environment } };
  }

  #rememberTraces(): void {
    this.#seen.push(clusterTraces(this.name, this.dataDirectory));
  }
}

/** Makes the directories of a cluster that is not started yet. `flags` are those of `kts up`. */
export async function prepareTestCluster(flags: string): Promise<TestCluster> {
  return new TestCluster(await mkdtemp(join(tmpdir(), 'kts-test-')), words(flags));
}

/** Starts a cluster. If that fails nothing of it is left. */
export async function startTestCluster(flags: string): Promise<TestCluster> {
  const cluster = await prepareTestCluster(flags);
  try {
    await cluster.up();
    return cluster;
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}
