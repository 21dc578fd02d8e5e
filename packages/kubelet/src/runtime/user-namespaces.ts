import type { Pod } from '@kts/api/types/core-v1';
import type { UserNamespace } from '@kts/host-cri';
import { isFileError, type FileSystem } from '../host/file-system.ts';

const IDS_PER_POD = 65_536;
const FILE = 'userns';
const FILE_MODE = 0o600;

export class UserNamespaceError extends Error {
  override readonly name = 'UserNamespaceError';
}

/**
 * Gives each pod that wants a user namespace of its own a range of the node's ids, which it keeps over restarts of the
 * kubelet.
 *
 * Mirrors: pkg/kubelet/userns/userns_manager.go (v1.36)
 */
export class UserNamespaces {
  readonly #files: FileSystem;
  readonly #podDirectory: (uid: string) => string;
  readonly #slots: number;
  readonly #slotOf = new Map<string, number>();

  constructor(files: FileSystem, podDirectory: (uid: string) => string, maxPods: number) {
    this.#files = files;
    this.#podDirectory = podDirectory;
    this.#slots = Math.max(maxPods, 1024);
  }

  /** `supported`: the pod's runtime handler can make user namespaces. Throws UserNamespaceError. */
  async forPod(pod: Pod, runtimeHandler: string, supported: boolean): Promise<UserNamespace> {
    if (pod.spec.hostUsers !== false) return { mode: 'NODE' };
    if (!supported) {
      const who = runtimeHandler === '' ? 'runtime' : `RuntimeClass handler "${runtimeHandler}"`;
      throw new UserNamespaceError(`can't set \`spec.hostUsers: false\`, ${who} does not support user namespaces`);
    }
    const slot = await this.#slot(pod.metadata.uid);
    const mapping = { hostId: slot * IDS_PER_POD, containerId: 0, length: IDS_PER_POD };
    return { mode: 'POD', uids: [mapping], gids: [mapping] };
  }

  /** Takes over what an earlier kubelet gave to pods that are still here. */
  async restore(uids: readonly string[]): Promise<void> {
    for (const uid of uids) await this.#read(uid);
  }

  release(uid: string): void {
    this.#slotOf.delete(uid);
  }

  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.#slotOf.keys()) if (!uids.has(uid)) this.#slotOf.delete(uid);
  }

  async #slot(uid: string): Promise<number> {
    const known = this.#slotOf.get(uid) ?? (await this.#read(uid));
    if (known !== undefined) return known;
    const used = new Set(this.#slotOf.values());
    // The first range is the node's own.
    for (let slot = 1; slot <= this.#slots; slot++) {
      if (used.has(slot)) continue;
      this.#slotOf.set(uid, slot);
      await this.#write(uid, slot);
      return slot;
    }
    throw new UserNamespaceError('could not find an empty slot to allocate a user namespace');
  }

  async #read(uid: string): Promise<number | undefined> {
    try {
      const text = new TextDecoder().decode(await this.#files.readFile(`${this.#podDirectory(uid)}/${FILE}`));
      const { uidMappings } = JSON.parse(text) as { uidMappings: readonly { readonly hostId: number }[] };
      const slot = Math.floor((uidMappings[0]?.hostId ?? 0) / IDS_PER_POD);
      this.#slotOf.set(uid, slot);
      return slot;
    } catch (error) {
      if (isFileError(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async #write(uid: string, slot: number): Promise<void> {
    const mapping = { hostId: slot * IDS_PER_POD, containerId: 0, length: IDS_PER_POD };
    const text = JSON.stringify({ uidMappings: [mapping], gidMappings: [mapping] });
    await this.#files.writeFile(`${this.#podDirectory(uid)}/${FILE}`, new TextEncoder().encode(text), FILE_MODE);
  }
}
