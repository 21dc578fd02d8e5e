import { nodes, pods } from '@kts/api';
import { startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import type { Node, Pod, PodSpec } from '@kts/api/types/core-v1';
import { seededRandom, silentLogger } from '@kts/base';
import type { FakeClock } from '@kts/base/testing';
import { ScriptedRuntime } from '@kts/host-cri/testing';
import { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from '../config.ts';
import { createKubelet, type Kubelet } from '../kubelet.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';
import { FakePlugins } from './fake-plugins.ts';

const NODE = 'node-1';
const START_MS = 5000;

/** A node with its kubelet, a runtime in memory and an API server, on one clock. The kubelet may stop and start. */
export class KubeletFixture {
  readonly clock: FakeClock;
  readonly server: TestApiServer<FakeClock>;
  readonly runtime: ScriptedRuntime;
  readonly host: FakeHost;
  readonly plugins = new FakePlugins();
  readonly #config: Partial<KubeletConfig>;
  #running: { readonly kubelet: Kubelet; readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  private constructor(server: TestApiServer<FakeClock>, config: Partial<KubeletConfig>) {
    this.clock = server.clock;
    this.server = server;
    this.#config = config;
    this.host = createFakeHost();
    this.runtime = new ScriptedRuntime({ clock: server.clock });
    this.runtime.images.add('example.com/app:1');
  }

  static async start(config: Partial<KubeletConfig> = {}): Promise<KubeletFixture> {
    const server = await startTestApiServer({ namespaces: ['default', 'kube-system', 'kube-node-lease'] });
    const fixture = new KubeletFixture(server, config);
    await fixture.startKubelet();
    return fixture;
  }

  get kubelet(): Kubelet {
    return this.#running!.kubelet;
  }

  async startKubelet(): Promise<void> {
    const stop = new AbortController();
    const config = { ...DEFAULT_KUBELET_CONFIG, nodeName: NODE, ...this.#config };
    const kubelet = createKubelet(config, {
      client: this.server.client,
      clock: this.clock,
      random: seededRandom(1),
      log: silentLogger,
      runtime: this.runtime,
      images: this.runtime.images,
      host: this.host,
      plugins: this.plugins,
    });
    this.#running = { kubelet, stop, done: kubelet.run(stop.signal) };
    await this.clock.advance(START_MS);
  }

  async stopKubelet(): Promise<void> {
    this.#running?.stop.abort();
    await this.clock.advance(0);
    await this.#running?.done;
    this.#running = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopKubelet();
    await this.server.close();
  }

  /** A pod of one container `c` that is bound to the node. */
  createPod(name: string, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.server.client.create(pods, {
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName: NODE,
        containers: [{ name: 'c', image: 'example.com/app:1' }],
        automountServiceAccountToken: false,
        ...spec,
      },
    });
  }

  async deletePod(name: string): Promise<void> {
    await this.server.client.delete(pods, { namespace: 'default', name });
  }

  pod(name: string): Promise<Pod> {
    return this.server.client.get(pods, { namespace: 'default', name });
  }

  node(): Promise<Node> {
    return this.server.client.get(nodes, { name: NODE });
  }

  /** The names of the runtime's calls that changed something, from the given one on. */
  callsSince(count: number): readonly string[] {
    return this.runtime.calls.slice(count).map((call) => call.method);
  }
}
