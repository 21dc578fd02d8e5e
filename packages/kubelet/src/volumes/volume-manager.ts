import type { Pod, Volume } from '@kts/api/types/core-v1';
import { backoffMs, type Clock, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import { NotAttached, type CsiMounter } from '../csi/csi-mounter.ts';
import { inlineCsiVolume, persistentCsiVolume, type CsiVolume } from '../csi/csi-requests.ts';
import type { NodeHost } from '../host/node-host.ts';
import { allContainers, podReference } from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { milliValue, wholeValue, type ResourceList } from '../pod/resource-list.ts';
import { podLimits, phaseLimits } from '../pod/pod-resources.ts';
import type { ObjectReader } from '../sources/object-reader.ts';
import { writeAtomically } from './atomic-writer.ts';
import { claimName, resolveClaim } from './claim-volume.ts';
import { checkHostPath } from './host-path.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import { volumeContent } from './volume-content.ts';
import { setVolumeGroup } from './volume-ownership.ts';
import { VolumeError } from './volume-payload.ts';

export interface MountedVolume {
  /** On the node; empty for a volume that the runtime mounts itself. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** The pod's volumes cannot be had now; the message goes into an event of the pod. */
export class MountError extends Error {
  override readonly name = 'MountError';
  /** Waiting longer would not have helped; `false`: time was up. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal: boolean) {
    super(message);
    this.isFinal = isFinal;
  }
}

const RETRY = { initialMs: 500, factor: 2, maxMs: 122_000 };
const WAIT_MS_MAX = 123_000;
const PARENT_MODE = 0o755;
const VOLUME_MODE = 0o777;

/** Plugin names as they are in paths. */
const CONTENT_PLUGINS = {
  configMap: 'configmap',
  secret: 'secret',
  downwardAPI: 'downward-api',
  projected: 'projected',
};

/**
 * Makes the volumes of pods and takes them away again.
 *
 * Mirrors: pkg/kubelet/volumemanager, pkg/volume (v1.36)
 * Differs: a pod's worker does the work, where upstream has a reconciler beside the workers; content is read at every
 * sync of the pod instead of being watched.
 */
export class VolumeManager {
  readonly #host: NodeHost;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #events: PodEvents;
  readonly #objects: ObjectReader;
  readonly #tokens: ServiceAccountTokens;
  readonly #csi: CsiMounter | undefined;
  readonly #rootDirectory: string;
  readonly #allocatable: () => ResourceList;
  readonly #mounted = new Map<string, Map<string, MountedVolume>>();

  constructor(options: {
    readonly host: NodeHost;
    readonly client: Client;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Logger;
    readonly events: PodEvents;
    readonly objects: ObjectReader;
    readonly rootDirectory: string;
    readonly allocatable: () => ResourceList;
    readonly tokens: ServiceAccountTokens;
    /** Absent: the node has no drivers. */
    readonly csi: CsiMounter | undefined;
  }) {
    this.#host = options.host;
    this.#client = options.client;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
    this.#events = options.events;
    this.#objects = options.objects;
    this.#tokens = options.tokens;
    this.#csi = options.csi;
    this.#rootDirectory = options.rootDirectory;
    this.#allocatable = options.allocatable;
  }

  /**
   * Mounts what the pod's containers use, and brings the content of what is mounted up to date. Tries again and again
   * until it succeeds, the signal is aborted, or too much time has passed; then it rejects.
   */
  async mountPod(pod: Pod, signal: AbortSignal): Promise<void> {
    const volumes = usedVolumes(pod);
    if (volumes.length === 0) return;
    await this.#resolveClaims(pod, volumes, signal);
    const deadline = this.#clock.monotonic() + WAIT_MS_MAX;
    for (let tries = 1; ; tries++) {
      const { failed, unattached } = await this.#mountAll(pod, volumes, signal);
      if (failed.length === 0) return;
      const wait = backoffMs(RETRY, tries);
      if (this.#clock.monotonic() + wait > deadline) {
        const message = `unmounted volumes=[${failed.join(' ')}], unattached volumes=[${unattached.join(' ')}], failed to process volumes=[]`;
        throw new MountError(message, false);
      }
      await this.#clock.sleep(wait, signal);
    }
  }

  /** Mounts an image volume whose image is there. Returns `false` if the node leaves that to the runtime. */
  async mountImage(pod: Pod, volume: string, image: string): Promise<boolean> {
    const { imageMounter, mounts } = this.#host;
    if (!imageMounter) return false;
    const path = await this.#prepare(pod, 'image', volume);
    if (!(await mounts.isMountPoint(path))) await imageMounter.mount(image, path);
    const { uid } = pod.metadata;
    this.#mounted.getOrInsertComputed(uid, () => new Map()).set(volume, { path, readOnly: true });
    return true;
  }

  /** `undefined`: the pod has no such volume, or it is not mounted. */
  mounted(uid: string, volume: string): MountedVolume | undefined {
    return this.#mounted.get(uid)?.get(volume);
  }

  /** Takes away everything of a pod, also what an earlier kubelet made. */
  async unmountPod(uid: string, signal: AbortSignal): Promise<void> {
    const directory = this.podDirectory(uid);
    await this.#csi?.unmountPod(uid, await this.podsOnDisk(), signal);
    for (const path of await this.#host.mounts.mountsBelow(directory)) {
      const { imageMounter, mounts } = this.#host;
      const mounter = path.startsWith(`${directory}/volumes/kubernetes.io~image/`) ? imageMounter : undefined;
      await (mounter ?? mounts).unmount(path);
    }
    for (const part of ['volumes', 'volume-subpaths']) await this.#removeWithin(`${directory}/${part}`);
    this.#mounted.delete(uid);
    this.#tokens.forget(uid);
  }

  /** Removes what is two levels down; the folders of plugins stay until the pod's own folder goes. */
  async #removeWithin(directory: string): Promise<void> {
    const { files } = this.#host;
    if ((await files.lstat(directory)) === undefined) return;
    for (const outer of await files.readDirectory(directory)) {
      for (const inner of await files.readDirectory(`${directory}/${outer}`)) {
        await files.remove(`${directory}/${outer}/${inner}`);
      }
    }
  }

  podDirectory(uid: string): string {
    return `${this.#rootDirectory}/pods/${uid}`;
  }

  async #resolveClaims(pod: Pod, volumes: readonly Volume[], signal: AbortSignal): Promise<void> {
    const problems = new Map<string, string>();
    for (const volume of volumes) {
      const claim = claimName(pod, volume);
      if (claim === undefined || this.mounted(pod.metadata.uid, volume.name)) continue;
      try {
        await resolveClaim(this.#client, pod, volume, claim, signal);
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        problems.set(volume.name, error.message);
      }
    }
    if (problems.size === 0) return;
    const names = [...problems.keys()].join(' ');
    const unmounted = volumes.filter(({ name }) => !this.mounted(pod.metadata.uid, name)).map(({ name }) => name);
    throw new MountError(
      `unmounted volumes=[${unmounted.join(' ')}], unattached volumes=[], failed to process volumes=[${names}]: ${[...problems.values()].join(', ')}`,
      true,
    );
  }

  /** Returns the names of the volumes that are not there. */
  async #mountAll(
    pod: Pod,
    volumes: readonly Volume[],
    signal: AbortSignal,
  ): Promise<{ readonly failed: readonly string[]; readonly unattached: readonly string[] }> {
    const { uid } = pod.metadata;
    const mounted = this.#mounted.getOrInsertComputed(uid, () => new Map());
    const failed: string[] = [];
    const unattached: string[] = [];
    for (const volume of volumes) {
      try {
        mounted.set(volume.name, await this.#mount(pod, volume, signal));
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof NotAttached) unattached.push(volume.name);
        else {
          const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`;
          this.#events.record(podReference(pod), 'Warning', 'FailedMount', message);
        }
        if (!mounted.has(volume.name)) failed.push(volume.name);
      }
    }
    return { failed, unattached };
  }

  async #mount(pod: Pod, volume: Volume, signal: AbortSignal): Promise<MountedVolume> {
    const claim = claimName(pod, volume);
    if (claim !== undefined) return this.#mountClaim(pod, volume, claim, signal);
    if (volume.hostPath) {
      await checkHostPath(this.#host.files, volume.hostPath);
      return { path: volume.hostPath.path, readOnly: false };
    }
    if (volume.emptyDir) return this.#mountEmptyDir(pod, volume);
    if (volume.image) return this.mounted(pod.metadata.uid, volume.name) ?? { path: '', readOnly: true };
    if (volume.csi) return this.#mountCsi(pod, volume, inlineCsiVolume(pod, volume), signal);
    const content = await volumeContent(volume, {
      pod,
      allocatable: this.#allocatable(),
      objects: this.#objects.inNamespace(pod.metadata.namespace, signal),
      token: (audience, seconds) => this.#tokens.get(pod, audience, seconds, signal),
    });
    if (!content) throw new VolumeError('no volume plugin matched');
    const kind = Object.keys(CONTENT_PLUGINS).find((key) => key in volume) as keyof typeof CONTENT_PLUGINS;
    const path = await this.#prepare(pod, CONTENT_PLUGINS[kind], volume.name);
    if (kind !== 'configMap') await this.#mountTmpfs(pod, volume, path);
    await this.#makeNestedMountPoints(pod, volume.name, path);
    await writeAtomically({ files: this.#host.files, clock: this.#clock, random: this.#random }, path, content, () =>
      this.#setGroup(pod, path, true),
    );
    return { path, readOnly: true };
  }

  async #mountClaim(pod: Pod, volume: Volume, claim: string, signal: AbortSignal): Promise<MountedVolume> {
    const found = await resolveClaim(this.#client, pod, volume, claim, signal);
    const { spec } = found;
    const readOnly = volume.persistentVolumeClaim?.readOnly ?? false;
    if (spec.hostPath) {
      await checkHostPath(this.#host.files, spec.hostPath);
      return { path: spec.hostPath.path, readOnly };
    }
    if (spec.local) {
      const path = await this.#prepare(pod, 'local-volume', volume.name);
      if (!(await this.#host.mounts.isMountPoint(path))) {
        await this.#host.mounts.bind(spec.local.path, path, { readOnly });
      }
      return { path, readOnly };
    }
    if (spec.csi) return this.#mountCsi(pod, volume, persistentCsiVolume(found, readOnly), signal);
    throw new VolumeError('no volume plugin matched');
  }

  /** What is mounted stays as it is, unless the driver wants to be asked again. */
  async #mountCsi(pod: Pod, volume: Volume, wanted: CsiVolume, signal: AbortSignal): Promise<MountedVolume> {
    if (!this.#csi) throw new VolumeError('no volume plugin matched');
    const known = this.mounted(pod.metadata.uid, volume.name);
    if (known && !(await this.#csi.mustRepublish(wanted.driver, signal))) return known;
    return this.#csi.mount(pod, wanted, signal);
  }

  async #mountEmptyDir(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const medium = volume.emptyDir?.medium ?? '';
    const existed = (await this.#host.files.stat(this.#volumePath(pod, 'empty-dir', volume.name))) !== undefined;
    const path = await this.#prepare(pod, 'empty-dir', volume.name);
    if (medium === 'Memory') await this.#mountTmpfs(pod, volume, path);
    else if (medium.startsWith('HugePages')) await this.#mountHugePages(pod, medium, path);
    if (!existed) await this.#setGroup(pod, path, false);
    return { path, readOnly: false };
  }

  async #mountTmpfs(pod: Pod, volume: Volume, path: string): Promise<void> {
    if (await this.#host.mounts.isMountPoint(path)) return;
    const sizes = [
      wholeValue(this.#allocatable(), 'memory'),
      memoryLimit(pod),
      wholeValue({ limit: volume.emptyDir?.sizeLimit ?? '0' }, 'limit'),
    ].filter((size) => size > 0);
    await this.#host.mounts.mountTmpfs(path, sizes.length > 0 ? { sizeBytes: Math.min(...sizes) } : {});
  }

  async #mountHugePages(pod: Pod, medium: string, path: string): Promise<void> {
    if (await this.#host.mounts.isMountPoint(path)) return;
    const named = medium.startsWith('HugePages-') ? medium.slice('HugePages-'.length) : undefined;
    const requested = Object.keys(podLimits(pod)).find((name) => name.startsWith('hugepages-'));
    const size = named ?? requested?.slice('hugepages-'.length);
    if (size === undefined) throw new VolumeError('medium HugePages needs a request for huge pages');
    await this.#host.mounts.mountHugePages(path, wholeValue({ size }, 'size'));
  }

  #volumePath(pod: Pod, plugin: string, volume: string): string {
    return `${this.podDirectory(pod.metadata.uid)}/volumes/kubernetes.io~${plugin}/${volume}`;
  }

  async #prepare(pod: Pod, plugin: string, volume: string): Promise<string> {
    const path = this.#volumePath(pod, plugin, volume);
    await this.#host.files.makeDirectory(path.slice(0, path.lastIndexOf('/')), PARENT_MODE);
    await this.#host.files.makeDirectory(path, VOLUME_MODE);
    return path;
  }

  async #setGroup(pod: Pod, path: string, readOnly: boolean): Promise<void> {
    const group = pod.spec.securityContext?.fsGroup;
    if (group !== undefined) await setVolumeGroup(this.#host.files, path, group, { readOnly });
  }

  /** Mount points of other volumes inside this one, which the runtime could not make in a read-only volume. */
  async #makeNestedMountPoints(pod: Pod, volume: string, path: string): Promise<void> {
    for (const container of allContainers(pod)) {
      const mounts = container.volumeMounts ?? [];
      for (const outer of mounts.filter((mount) => mount.name === volume && !mount.subPath)) {
        for (const inner of mounts) {
          const below = inner.mountPath.startsWith(`${outer.mountPath}/`)
            ? inner.mountPath.slice(outer.mountPath.length + 1)
            : '';
          if (inner.name !== volume && below !== '') {
            await this.#host.files.makeDirectory(`${path}/${below}`, PARENT_MODE);
          }
        }
      }
    }
  }

  /** Pods that have a directory here, by uid. */
  async podsOnDisk(): Promise<readonly string[]> {
    const directory = `${this.#rootDirectory}/pods`;
    if ((await this.#host.files.stat(directory)) === undefined) return [];
    return this.#host.files.readDirectory(directory);
  }

  /** Removes what is left of a pod that nobody knows any more. */
  async removePodDirectory(uid: string, signal: AbortSignal): Promise<void> {
    await this.unmountPod(uid, signal);
    await this.#host.files.remove(this.podDirectory(uid));
    this.#log.debug(2, 'removed the directory of an orphaned pod', { podUid: uid });
  }
}

function usedVolumes(pod: Pod): readonly Volume[] {
  const used = new Set(
    allContainers(pod).flatMap((container) => [
      ...(container.volumeMounts ?? []).map((mount) => mount.name),
      ...(container.volumeDevices ?? []).map((device) => device.name),
    ]),
  );
  return (pod.spec.volumes ?? []).filter((volume) => used.has(volume.name));
}

/** The pod's own memory limit, if all of its containers have one. */
function memoryLimit(pod: Pod): number {
  const limited =
    milliValue(pod.spec.resources?.limits, 'memory') > 0 ||
    phaseLimits(pod).every((phase) => milliValue(phase, 'memory') > 0);
  return limited ? wholeValue(podLimits(pod), 'memory') : 0;
}
