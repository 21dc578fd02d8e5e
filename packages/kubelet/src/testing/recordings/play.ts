import { builtinResources, configMaps, events, namespaces, nodes, pods, priorityClasses, services } from '@kts/api';
import { apiVersionOf, type KubeObject, type ResourceType } from '@kts/apimachinery';
import { startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import type { Event, Pod, PodStatus } from '@kts/api/types/core-v1';
import { seededRandom, silentLogger, type Logger } from '@kts/base';
import type { FakeClock } from '@kts/base/testing';
import type { Patch } from '@kts/client';
import { ScriptedRuntime, type RecordedCall } from '@kts/host-cri/testing';
import { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from '../../config.ts';
import { createKubelet } from '../../kubelet.ts';
import { CONFIG_HASH_ANNOTATION } from '../../pod/containers.ts';
import { createFakeHost, type FakeHost } from '../fake-host.ts';
import { FakeDevicePlugin, FakePlugins } from '../fake-plugins.ts';
import { ScriptedNetwork } from '../scripted-network.ts';
import type { Observed } from './compare.ts';
import { fileTree } from './file-tree.ts';
import { normalized, recordedCalls, type Names } from './normalize.ts';
import type { RecordedEvent, RecordedFiles, RecordedNode, Recording, Settled, Step, WaitStep } from './recording.ts';

const TICK_MS = 50;
const WAIT_MS = 40_000;
const QUIET_MS_MAX = 30_000;
const WARM_UP_MS = 40_000;
const DEVICE_DIRECTORY = '/ROOT/device-plugins';
const DEVICES = [
  { resourceName: 'example.com/device', devices: ['device-1', 'device-2'] },
  { resourceName: 'example.com/broken', devices: ['broken-1', 'broken-2'], problem: 'broken' },
];
const MANIFEST = '/MANIFESTS/pod.json';

/** Plays a recording's script and steps through the kubelet, with an API server in process, on a virtual clock. */
export async function play(recording: Recording, node: RecordedNode, log: Logger = silentLogger): Promise<Observed> {
  await using server = await startTestApiServer({ namespaces: ['default', 'kube-system', 'kube-node-lease'], log });
  const player = new Player(recording, node, server, log);
  return await player.run();
}

class Player {
  readonly #recording: Recording;
  readonly #server: TestApiServer<FakeClock>;
  readonly #clock: FakeClock;
  readonly #runtime: ScriptedRuntime;
  readonly #network: ScriptedNetwork;
  readonly #host: FakeHost;
  readonly #plugins = new FakePlugins();
  readonly #namespace: string;
  readonly #node: RecordedNode;
  readonly #log: Logger;
  readonly #stepOfCall: number[] = [];
  readonly #settled: Settled[] = [];
  readonly #events: RecordedEvent[] = [];
  readonly #uids: string[] = [];
  readonly #files: RecordedFiles[] = [];
  #waiting: { readonly wanted: WaitStep; isMet: boolean } | undefined;
  #podName: string;
  #step = 0;
  #action = 0;
  #activity = 0;
  #lastStatus: PodStatus | undefined;
  #deleted = false;

  constructor(recording: Recording, node: RecordedNode, server: TestApiServer<FakeClock>, log: Logger) {
    this.#recording = recording;
    this.#node = node;
    this.#server = server;
    this.#clock = server.clock;
    this.#log = log;
    this.#namespace = recording.given.pod.metadata.namespace;
    this.#podName = recording.given.pod.metadata.name;
    this.#network = new ScriptedNetwork({
      clock: this.#clock,
      httpPorts: [8080, 80, 8000],
      grpcPort: 9090,
      tcpPort: 8081,
      onRequest: (method, request) => this.#runtime.note(method, request),
    });
    this.#host = createFakeHost({
      network: this.#network,
      cgroupVersion: 1,
      swapController: true,
      machine: { memoryBytes: 24_684_092 * 1024 },
      disk: { capacityBytes: 264_212_084 * 1024, availableBytes: 264_212_084 * 1024 },
    });
    this.#runtime = new ScriptedRuntime({
      clock: this.#clock,
      files: { write: (path, content) => this.#write(path, content) },
      handlers: (node.runtimeHandlers ?? []).map(({ name = '', features }) => ({
        name,
        features: {
          recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
          userNamespaces: features?.userNamespaces ?? false,
        },
      })),
      supplementalGroupsPolicy: true,
    });
  }

  async run(): Promise<Observed> {
    const stop = new AbortController();
    const { given } = this.#recording;
    await this.#prepare();
    const { client } = this.#server;
    const kubelet = createKubelet(kubeletConfig(), {
      client,
      clock: this.#clock,
      random: seededRandom(1),
      log: this.#log,
      runtime: this.#runtime,
      images: this.#runtime.images,
      host: this.#host,
      plugins: this.#plugins,
    });
    const running = kubelet.run(stop.signal);
    const watching = [this.#watchPods(stop.signal), this.#watchEvents(stop.signal)];
    await this.#clock.advance(WARM_UP_MS);
    for (const options of DEVICES) await new FakeDevicePlugin(this.#plugins, options, DEVICE_DIRECTORY).register();
    await this.#clock.advance(0);
    this.#runtime.play(given.script);
    this.#network.play(given.script);
    for (const object of given.objects) await this.#create(object);
    await this.#clock.advance(1500);
    await this.#createPod();
    for (const step of given.steps) {
      this.#step++;
      await this.#perform(step);
    }
    stop.abort();
    await this.#clock.advance(0);
    await Promise.all([running, ...watching]);
    return this.#observed();
  }

  #observed(): Observed {
    const names = this.#names();
    const calls = this.#runtime.calls
      .map((call, index) => ({ ...call, step: this.#stepOfCall[index] ?? this.#action }))
      .filter((call) => this.#isOfPod(call));
    return {
      calls: normalized(recordedCalls(calls, this.#action), names),
      settled: normalized(this.#settled, names),
      events: distinct(normalized(this.#events, names)),
      files: normalized(this.#files, names),
    };
  }

  /** Some scenarios have a second pod, whose calls are left out. */
  #isOfPod({ method, request }: RecordedCall): boolean {
    if (method.startsWith('#')) return true;
    const { podSandboxId, containerId, config, sandboxConfig } = request as {
      readonly podSandboxId?: string;
      readonly containerId?: string;
      readonly config?: { readonly metadata?: { readonly name?: string } };
      readonly sandboxConfig?: { readonly metadata?: { readonly name?: string } };
    };
    const id = containerId ?? podSandboxId;
    const name = sandboxConfig?.metadata?.name ?? (id === undefined ? config?.metadata?.name : this.#runtime.podOf(id));
    return name === this.#podName;
  }

  #names(): Names {
    const ids = (method: string): readonly string[] => {
      const prefix = method === 'RunPodSandbox' ? 'sandbox' : 'container';
      const own = this.#runtime.made.filter((id) => this.#runtime.podOf(id) === this.#podName);
      return own.filter((id) => id.startsWith(prefix));
    };
    return {
      uids: this.#uids,
      sandboxIds: ids('RunPodSandbox'),
      containerIds: ids('CreateContainer'),
      addresses: this.#runtime.addresses(),
    };
  }

  async #prepare(): Promise<void> {
    const { client } = this.#server;
    for (const name of ['app', 'init', 'side']) this.#runtime.images.add(`example.com/${name}:1`);
    this.#host.files.add('/etc/resolv.conf', {
      content: 'search node.example\nnameserver 192.0.2.53\noptions ndots:2\n',
    });
    this.#host.files.add('/etc/hosts', { content: '127.0.0.1\tlocalhost\n192.0.2.10\tnode-1\n' });
    for (const [path, { dir, content }] of Object.entries(this.#recording.given.host ?? {})) {
      this.#host.files.add(path.replace('$RUN', '/RUN'), dir ? { type: 'directory' } : { content: content ?? '' });
    }
    this.#host.files.add('/dev/null', { type: 'charDevice' });
    const { labels, capacity, allocatable } = this.#node;
    const node = await client.create(nodes, { metadata: { name: 'node-1', labels }, spec: {}, status: {} });
    const status = { ...(capacity ? { capacity } : {}), ...(allocatable ? { allocatable } : {}) };
    await client.updateStatus(nodes, { ...node, status });
    if (this.#namespace !== 'default') {
      await client.create(namespaces, { metadata: { name: this.#namespace }, spec: {}, status: {} });
      await this.#create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } } as KubeObject);
    }
    await client.create(configMaps, {
      metadata: { name: 'kube-root-ca.crt', namespace: this.#namespace },
      data: { 'ca.crt': 'the root certificate\n' },
    });
    const name = 'system-node-critical';
    await client.create(priorityClasses, { metadata: { name }, value: 2_000_001_000 });
    await client.create(services, {
      metadata: { name: 'kubernetes', namespace: 'default' },
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        ports: [{ name: 'https', port: 443, protocol: 'TCP' }],
      },
    });
  }

  async #createPod(): Promise<void> {
    const { given } = this.#recording;
    const text = JSON.stringify(given.pod).replaceAll('$RUN', '/RUN').replaceAll('$ROOT', '/ROOT');
    const pod = JSON.parse(text) as Pod;
    if (given.static) {
      this.#podName = `${this.#podName}-node-1`;
      this.#host.files.add(MANIFEST, { content: text });
      return;
    }
    const { name, namespace, labels, annotations, finalizers } = pod.metadata;
    const metadata = {
      name,
      namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
    };
    const created = await this.#server.client.create(pods, { metadata, spec: pod.spec });
    this.#uids.unshift(created.metadata.uid);
  }

  async #create(object: KubeObject): Promise<void> {
    const type = typeOf(object);
    const metadata = { ...object.metadata, ...(type.namespaced ? { namespace: this.#namespace } : {}) };
    const created = await this.#server.client.create(type, { ...object, metadata });
    if (object.kind === 'Pod') this.#uids.push(created.metadata.uid);
  }

  async #perform(step: Step): Promise<void> {
    if (step.wait) return this.#wait(step.wait, step.ms ?? WAIT_MS);
    if (step.quiet !== undefined) return this.#quiet(step.quiet);
    if (step.sleep !== undefined) return this.#advance(step.sleep);
    if (step.files) return this.#readFiles();
    this.#markCalls();
    this.#action = this.#step;
    await this.#act(step);
  }

  async #act(step: Step): Promise<void> {
    const { client } = this.#server;
    const key = { namespace: this.#namespace, name: this.#podName };
    if (step.delete) await client.delete(pods, key, step.delete === true ? {} : step.delete);
    if (step.patch) await this.#patch(step.patch);
    if (step.create) await this.#create(step.create);
    if (step.remove) {
      const [plural, name = ''] = step.remove.split('/');
      const type = builtinResources.find((one) => one.plural === plural)!;
      await client.delete(type, { namespace: this.#namespace, name }, { gracePeriodSeconds: 0 });
    }
    if (step.exit) this.#runtime.exit(step.exit.container, step.exit.exitCode ?? 0);
    if (step.killSandbox) this.#runtime.killSandbox(this.#podName);
    if (step.removeManifest) await this.#host.files.remove(MANIFEST);
  }

  async #patch({ subresource, path, type, body }: NonNullable<Step['patch']>): Promise<void> {
    const [plural = '', name = ''] = path?.split('/') ?? ['pods', this.#podName];
    const resource = builtinResources.find((one) => one.plural === plural)!;
    const kind: Patch['type'] = type?.startsWith('application/merge-patch') ? 'merge' : 'strategic';
    const options = subresource ? { subresource } : {};
    await this.#server.client.patch(resource, { namespace: this.#namespace, name }, { type: kind, body }, options);
  }

  async #wait(wanted: WaitStep, ms: number): Promise<void> {
    this.#waiting = { wanted, isMet: this.#isMet(wanted) };
    for (let waited = 0; waited < ms && !this.#isMet(wanted); waited += TICK_MS) {
      await this.#advance(TICK_MS);
      if (this.#waiting.isMet) break;
    }
    if (wanted.deleted) this.#settle();
  }

  async #quiet(ms: number): Promise<void> {
    let seen = this.#activity + this.#runtime.calls.length;
    for (let quiet = 0, total = 0; quiet < ms && total < QUIET_MS_MAX; quiet += TICK_MS, total += TICK_MS) {
      await this.#advance(TICK_MS);
      const now = this.#activity + this.#runtime.calls.length;
      if (now !== seen) quiet = 0;
      seen = now;
    }
    this.#settle();
  }

  #readFiles(): void {
    const [uid = ''] = this.#uids;
    this.#files.push({ step: this.#step, tree: fileTree(this.#host, `/ROOT/pods/${uid}`) });
  }

  #settle(): void {
    if (this.#lastStatus) this.#settled.push({ step: this.#step, status: this.#lastStatus });
  }

  async #advance(ms: number): Promise<void> {
    await this.#clock.advance(ms);
    this.#markCalls();
  }

  #markCalls(): void {
    while (this.#stepOfCall.length < this.#runtime.calls.length) this.#stepOfCall.push(this.#action);
  }

  #isMet(wanted: WaitStep): boolean {
    const status = this.#lastStatus;
    if (wanted.deleted) return this.#deleted;
    if (wanted.event) return this.#events.some((event) => event.reason === wanted.event);
    if (wanted.calls) return this.#runtime.calls.some((call: RecordedCall) => call.method === wanted.calls);
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    if (wanted.phase) return status?.phase === wanted.phase;
    if (wanted.reason) return status?.reason === wanted.reason;
    if (wanted.waiting) return all.some((one) => one.state?.waiting?.reason === wanted.waiting);
    if (wanted.running) return all.some((one) => one.name === wanted.running && one.state?.running);
    if (wanted.terminated) return all.some((one) => one.name === wanted.terminated && one.state?.terminated);
    if (wanted.ready !== undefined) {
      const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
      return ready === wanted.ready;
    }
    return Object.entries(wanted.restarts ?? {}).every(
      ([name, count]) => (all.find((one) => one.name === name)?.restartCount ?? 0) >= count,
    );
  }

  async #watchPods(signal: AbortSignal): Promise<void> {
    for await (const event of this.#server.client.watch(pods, { signal })) {
      const { metadata, status } = event.object;
      if (metadata.namespace !== this.#namespace || metadata.name !== this.#podName) continue;
      if (event.type === 'DELETED') this.#deleted = true;
      if (event.type === 'ADDED') {
        this.#deleted = false;
        if (this.#recording.given.static)
          this.#uids.push(metadata.annotations?.[CONFIG_HASH_ANNOTATION] ?? metadata.uid);
      }
      if (JSON.stringify(status) !== JSON.stringify(this.#lastStatus)) this.#activity++;
      this.#lastStatus = status;
      // Some statuses are gone within an instant.
      if (this.#waiting && this.#isMet(this.#waiting.wanted)) this.#waiting.isMet = true;
    }
  }

  async #watchEvents(signal: AbortSignal): Promise<void> {
    for await (const { type, object } of this.#server.client.watch(events, { signal })) {
      const { involvedObject, source } = object as Event;
      if (type === 'DELETED' || source?.component !== 'kubelet') continue;
      if (involvedObject.namespace !== this.#namespace || involvedObject.name !== this.#podName) continue;
      this.#activity++;
      this.#events.push({
        type: object.type ?? '',
        reason: object.reason ?? '',
        message: object.message ?? '',
        ...(involvedObject.fieldPath ? { fieldPath: involvedObject.fieldPath } : {}),
      });
    }
  }

  async #write(path: string, content: Uint8Array): Promise<void> {
    const directory = path.slice(0, path.lastIndexOf('/'));
    if ((await this.#host.files.stat(directory)) !== undefined) await this.#host.files.writeFile(path, content, 0o644);
  }
}

function typeOf(object: KubeObject): ResourceType<KubeObject> {
  const found = builtinResources.find((type) => type.kind === object.kind && apiVersionOf(type) === object.apiVersion);
  if (!found) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  return found;
}

function distinct(list: readonly RecordedEvent[]): readonly RecordedEvent[] {
  return [...new Map(list.map((event) => [JSON.stringify(event), event])).values()];
}

function kubeletConfig(): KubeletConfig {
  return {
    ...DEFAULT_KUBELET_CONFIG,
    nodeName: 'node-1',
    nodeAddresses: ['192.0.2.10'],
    rootDirectory: '/ROOT',
    podLogsDir: '/LOGS',
    clusterDomain: 'cluster.local',
    clusterDNS: ['10.96.0.10'],
    allowedUnsafeSysctls: ['net.core.somaxconn'],
    serializeImagePulls: false,
    maxPods: 500,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%' },
    staticPodPath: '/MANIFESTS',
  };
}
