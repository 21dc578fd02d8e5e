import { csiDrivers, secrets, volumeAttachments } from '@kts/api';
import type { Node, Pod } from '@kts/api/types/core-v1';
import type { CSIDriver } from '@kts/api/types/storage-v1';
import { isNotFound } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import type { Client } from '@kts/client';
import type { FileSystem } from '../host/file-system.ts';
import type { PublishRequest, StageRequest, VolumeCapability } from '../plugins/plugin-protocols.ts';
import type { Token } from '../volumes/service-account-tokens.ts';
import { setVolumeGroup } from '../volumes/volume-ownership.ts';
import { VolumeError } from '../volumes/volume-payload.ts';
import type { CsiDriver, CsiDrivers } from './csi-drivers.ts';
import {
  attachmentName,
  changesOwnership,
  csiAccessMode,
  podInfo,
  stagingDirectory,
  uniqueVolumeName,
  type CsiVolume,
  type SecretKey,
} from './csi-requests.ts';

export interface CsiMounterDeps {
  readonly drivers: CsiDrivers;
  readonly client: Client;
  readonly files: FileSystem;
  readonly rootDirectory: string;
  readonly nodeName: string;
  /** With the volumes that have been attached to it. */
  readonly node: () => Node | undefined;
  /** A token of the pod's service account. */
  readonly token: (pod: Pod, audience: string, seconds: number, signal: AbortSignal) => Promise<Token>;
}

/** The volume is on its way to the node: an event would say nothing new. */
export class NotAttached extends VolumeError {}

/** What is written beside a mounted volume, so that it can be taken away again by a kubelet that never saw its pod. */
interface VolumeData {
  readonly specVolID: string;
  readonly volumeHandle: string;
  readonly driverName: string;
  readonly nodeName: string;
  readonly volumeLifecycleMode: string;
  readonly attachmentID?: string;
}

const DATA_FILE = 'vol_data.json';
const CALL_MS_MAX = 120_000;
const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/**
 * Has drivers mount the volumes of pods, and take them away again.
 *
 * Mirrors: pkg/volume/csi/csi_mounter.go, csi_attacher.go (v1.36)
 * Differs: volumes in block mode are not supported.
 */
export class CsiMounter {
  readonly #deps: CsiMounterDeps;
  /** By unique name: the pods that use what must be attached. */
  readonly #inUse = new Map<string, Set<string>>();

  constructor(deps: CsiMounterDeps) {
    this.#deps = deps;
  }

  /** Unique names of volumes that must stay attached to the node, for its status. */
  inUse(): readonly string[] {
    return [...this.#inUse.keys()].toSorted();
  }

  /** Knows again what an earlier kubelet has mounted, so that it is not detached meanwhile. */
  async restore(podsOnDisk: readonly string[]): Promise<void> {
    for (const uid of podsOnDisk) {
      for (const [, { driverName: driver, volumeHandle: handle, attachmentID }] of await this.#volumesOf(uid)) {
        if (attachmentID === undefined) continue;
        this.#inUse.getOrInsertComputed(uniqueVolumeName({ driver, handle }), () => new Set()).add(uid);
      }
    }
  }

  /** Mounts the volume for the pod, again if it is mounted already. */
  async mount(
    pod: Pod,
    volume: CsiVolume,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly readOnly: boolean }> {
    const { files } = this.#deps;
    const driver = this.#deps.drivers.get(volume.driver);
    const facts = await this.#driverFacts(volume.driver, signal);
    const publishContext = await this.#attached(pod, volume, facts, signal);
    const directory = this.#volumeDirectory(pod.metadata.uid, volume.name);
    const capability = this.#capability(pod, volume, driver);
    const isAttached = this.#inUse.has(uniqueVolumeName(volume));
    const given = { capability, publishContext, isAttached };
    const stagingTargetPath = await this.#stage(volume, driver, given, signal);
    await files.makeDirectory(directory, DIRECTORY_MODE);
    await this.#writeData(directory, volume, isAttached);
    const tokens = await this.#tokens(pod, facts, signal);
    const publish: PublishRequest = {
      volumeId: volume.handle,
      publishContext,
      ...(stagingTargetPath === undefined ? {} : { stagingTargetPath }),
      targetPath: `${directory}/mount`,
      volumeCapability: capability,
      readonly: volume.readOnly,
      secrets: await this.#secret(volume.publishSecret, signal),
      volumeContext: { ...volume.attributes, ...podInfo(pod, volume, facts), ...tokens },
    };
    await driver.socket.call('Node', 'nodePublishVolume', publish, { signal, timeoutMs: CALL_MS_MAX });
    const group = pod.spec.securityContext?.fsGroup;
    if (group !== undefined && !driver.capabilities.has('VOLUME_MOUNT_GROUP') && changesOwnership(volume, facts)) {
      await setVolumeGroup(files, publish.targetPath, group, {
        readOnly: false,
        onlyIfRootDiffers: pod.spec.securityContext?.fsGroupChangePolicy === 'OnRootMismatch',
      });
    }
    return { path: publish.targetPath, readOnly: volume.readOnly };
  }

  /** The driver wants to be called again and again, because what it mounts changes. */
  async mustRepublish(name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#driverFacts(name, signal))?.spec.requiresRepublish ?? false;
  }

  /** Takes away all volumes of drivers that the pod has on this node, whoever mounted them. */
  async unmountPod(uid: string, podsOnDisk: readonly string[], signal: AbortSignal): Promise<void> {
    for (const [directory, data] of await this.#volumesOf(uid)) {
      const driver = this.#deps.drivers.get(data.driverName);
      const options = { signal, timeoutMs: CALL_MS_MAX };
      const request = { volumeId: data.volumeHandle, targetPath: `${directory}/mount` };
      await driver.socket.call('Node', 'nodeUnpublishVolume', request, options);
      await this.#deps.files.remove(directory);
      const volume = { driver: data.driverName, handle: data.volumeHandle };
      await this.#unstageIfUnused(
        volume,
        driver,
        podsOnDisk.filter((other) => other !== uid),
        signal,
      );
      this.#release(uniqueVolumeName(volume), uid);
    }
  }

  async #driverFacts(name: string, signal: AbortSignal): Promise<CSIDriver | undefined> {
    try {
      return await this.#deps.client.get(csiDrivers, { name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** What the controller's side says about the attached volume; nothing of drivers that do not attach. */
  async #attached(
    pod: Pod,
    volume: CsiVolume,
    facts: CSIDriver | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    if (volume.lifecycle === 'Ephemeral' || facts?.spec.attachRequired === false) return {};
    const unique = uniqueVolumeName(volume);
    this.#inUse.getOrInsertComputed(unique, () => new Set()).add(pod.metadata.uid);
    const { node, client, nodeName } = this.#deps;
    if (!node()?.status?.volumesAttached?.some(({ name }) => name === unique)) {
      throw new NotAttached(`volume ${volume.name} is not attached according to the status of node ${nodeName}`);
    }
    const { status } = await client.get(volumeAttachments, { name: attachmentName(volume, nodeName) }, { signal });
    return status?.attachmentMetadata ?? {};
  }

  #capability(pod: Pod, volume: CsiVolume, driver: CsiDriver): VolumeCapability {
    const group = pod.spec.securityContext?.fsGroup;
    const delegated = group !== undefined && driver.capabilities.has('VOLUME_MOUNT_GROUP');
    return {
      mount: {
        fsType: volume.fsType,
        mountFlags: volume.mountOptions,
        ...(delegated ? { volumeMountGroup: String(group) } : {}),
      },
      accessMode: {
        mode: csiAccessMode(volume.accessModes, driver.capabilities.has('SINGLE_NODE_MULTI_WRITER')),
      },
    };
  }

  /** Returns where the volume is staged; `undefined` if the driver does no such thing. */
  async #stage(
    volume: CsiVolume,
    driver: CsiDriver,
    given: {
      readonly capability: VolumeCapability;
      readonly publishContext: Readonly<Record<string, string>>;
      readonly isAttached: boolean;
    },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (volume.lifecycle === 'Ephemeral' || !driver.capabilities.has('STAGE_UNSTAGE_VOLUME')) return undefined;
    const directory = stagingDirectory(this.#deps.rootDirectory, volume);
    const stagingTargetPath = `${directory}/globalmount`;
    await this.#deps.files.makeDirectory(stagingTargetPath, DIRECTORY_MODE);
    await this.#writeData(directory, volume, given.isAttached);
    const stage: StageRequest = {
      volumeId: volume.handle,
      publishContext: given.publishContext,
      stagingTargetPath,
      volumeCapability: given.capability,
      secrets: await this.#secret(volume.stageSecret, signal),
      volumeContext: volume.attributes,
    };
    await driver.socket.call('Node', 'nodeStageVolume', stage, { signal, timeoutMs: CALL_MS_MAX });
    return stagingTargetPath;
  }

  async #unstageIfUnused(
    volume: Pick<CsiVolume, 'driver' | 'handle'>,
    driver: CsiDriver,
    otherPods: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { files, rootDirectory } = this.#deps;
    const directory = stagingDirectory(rootDirectory, volume);
    if ((await files.stat(directory)) === undefined) return;
    for (const uid of otherPods) {
      const used = (await this.#volumesOf(uid)).some(
        ([, data]) => data.driverName === volume.driver && data.volumeHandle === volume.handle,
      );
      if (used) return;
    }
    const request = { volumeId: volume.handle, stagingTargetPath: `${directory}/globalmount` };
    await driver.socket.call('Node', 'nodeUnstageVolume', request, { signal, timeoutMs: CALL_MS_MAX });
    await files.remove(directory);
  }

  #release(unique: string, uid: string): void {
    const pods = this.#inUse.get(unique);
    pods?.delete(uid);
    if (pods?.size === 0) this.#inUse.delete(unique);
  }

  async #secret(key: SecretKey | undefined, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (!key) return {};
    const { data } = await this.#deps.client.get(secrets, key, { signal });
    const decoder = new TextDecoder();
    return Object.fromEntries(
      Object.entries(data ?? {}).map(([name, value]) => [name, decoder.decode(Uint8Array.fromBase64(value))]),
    );
  }

  /** The tokens of the pod's service account that the driver asks for. */
  async #tokens(
    pod: Pod,
    facts: CSIDriver | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const wanted = facts?.spec.tokenRequests ?? [];
    if (wanted.length === 0) return {};
    const tokens: Record<string, object> = {};
    for (const { audience, expirationSeconds } of wanted) {
      const { token, expiresAtMs } = await this.#deps.token(pod, audience, expirationSeconds ?? TOKEN_SECONDS, signal);
      tokens[audience] = { token, expirationTimestamp: formatTime(expiresAtMs) };
    }
    return { 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(tokens) };
  }

  #volumeDirectory(uid: string, name: string): string {
    return `${this.#deps.rootDirectory}/pods/${uid}/volumes/kubernetes.io~csi/${name.replaceAll('/', '~')}`;
  }

  async #writeData(directory: string, volume: CsiVolume, isAttached: boolean): Promise<void> {
    const { files, nodeName } = this.#deps;
    const data: VolumeData = {
      specVolID: volume.name,
      volumeHandle: volume.handle,
      driverName: volume.driver,
      nodeName,
      volumeLifecycleMode: volume.lifecycle,
      ...(isAttached ? { attachmentID: attachmentName(volume, nodeName) } : {}),
    };
    await files.writeFile(`${directory}/${DATA_FILE}`, new TextEncoder().encode(JSON.stringify(data)), FILE_MODE);
  }

  /** Directories of the pod's volumes with what is written beside them. */
  async #volumesOf(uid: string): Promise<readonly (readonly [string, VolumeData])[]> {
    const { files, rootDirectory } = this.#deps;
    const parent = `${rootDirectory}/pods/${uid}/volumes/kubernetes.io~csi`;
    if ((await files.stat(parent)) === undefined) return [];
    const found: (readonly [string, VolumeData])[] = [];
    for (const name of await files.readDirectory(parent)) {
      const path = `${parent}/${name}/${DATA_FILE}`;
      if ((await files.stat(path)) === undefined) continue;
      const text = new TextDecoder().decode(await files.readFile(path));
      found.push([`${parent}/${name}`, JSON.parse(text) as VolumeData]);
    }
    return found;
  }
}
