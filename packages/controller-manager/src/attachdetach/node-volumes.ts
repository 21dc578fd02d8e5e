/**
 * What a node's status says is attached to it; kubelets wait for it, and use nothing that has left it.
 *
 * Mirrors: pkg/controller/volume/attachdetach/statusupdater/node_status_updater.go (v1.36)
 */
import { nodes, persistentVolumes, volumeAttachments } from '@kts/api';
import type { AttachedVolume } from '@kts/api/types/core-v1';
import type { VolumeAttachment } from '@kts/api/types/storage-v1';
import { deepEqual } from '@kts/apimachinery';
import type { ControllerContext } from '@kts/controlkit';

import { uniqueVolumeName, type Attachment } from './attachable-volumes.ts';

export const BY_NODE = 'nodeOfAttachment';

/** One write at a time for each node: each is made of everything that is known then. */
export class NodeVolumes {
  readonly #context: ControllerContext;
  readonly #attachmentOf: (object: VolumeAttachment) => Attachment | undefined;
  /** Attachments that are about to go. */
  readonly #leaving = new Set<string>();
  readonly #writes = new Map<string, Promise<void>>();

  constructor(context: ControllerContext, attachmentOf: (object: VolumeAttachment) => Attachment | undefined) {
    this.#context = context;
    this.#attachmentOf = attachmentOf;
  }

  /** Takes an attachment off its node's status. */
  async leave(node: string, attachment: string): Promise<void> {
    this.#leaving.add(attachment);
    await this.update(node);
  }

  stay(attachment: string): void {
    this.#leaving.delete(attachment);
  }

  /** Brings the node's status up to date. */
  update(node: string): Promise<void> {
    const before = this.#writes.get(node) ?? Promise.resolve();
    const write = before.catch(() => {}).then(() => this.#write(node));
    this.#writes.set(node, write);
    const done = (): void => {
      if (this.#writes.get(node) === write) this.#writes.delete(node);
    };
    void write.catch(() => {}).finally(done);
    return write;
  }

  async #write(name: string): Promise<void> {
    const { client, informers, signal } = this.#context;
    const node = informers.get(nodes).get({ name });
    // Before everything is known, what is attached would look as if it were not.
    const isKnown = informers.get(volumeAttachments).hasSynced && informers.get(persistentVolumes).hasSynced;
    if (!node || !isKnown) return;
    const volumesAttached = this.#attached(name);
    if (deepEqual(volumesAttached, node.status?.volumesAttached ?? [])) return;
    const body = { status: { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null } };
    await client.patchStatus(nodes, { name }, { type: 'strategic', body }, { signal });
  }

  #attached(node: string): readonly AttachedVolume[] {
    return this.#context.informers
      .get(volumeAttachments)
      .byIndex(BY_NODE, node)
      .filter(({ metadata, status }) => status?.attached && !this.#leaving.has(metadata.name))
      .flatMap((object) => this.#attachmentOf(object) ?? [])
      .map((attachment) => ({ name: uniqueVolumeName(attachment), devicePath: '' }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
