import type { Image, ImageService, RuntimeService } from '@kts/host-cri';
import type { Clock, Logger } from '@kts/base';
import type { KubeletConfig } from '../config.ts';
import type { DiskUsage, Machine } from '../host/node-host.ts';

interface KnownImage {
  readonly firstSeenAt: number;
  readonly lastUsedAt: number;
}

export interface ImageGarbageInput {
  readonly images: readonly Image[];
  readonly known: ReadonlyMap<string, KnownImage>;
  readonly disk: Pick<DiskUsage, 'capacityBytes' | 'availableBytes'>;
  readonly now: number;
  readonly highPercent: number;
  readonly lowPercent: number;
  readonly minimumAgeMs: number;
}

/** Images that nothing uses and that have been here for some time, the one that was used longest ago first. */
export function unusedImages({
  images,
  known,
  now,
  minimumAgeMs,
}: Pick<ImageGarbageInput, 'images' | 'known' | 'now' | 'minimumAgeMs'>): readonly Image[] {
  const age = (image: Image): KnownImage => known.get(image.id)!;
  return images
    .filter((image) => {
      const record = known.get(image.id);
      return !image.pinned && record && record.lastUsedAt < now && now - record.firstSeenAt >= minimumAgeMs;
    })
    .toSorted((a, b) => age(a).lastUsedAt - age(b).lastUsedAt || age(a).firstSeenAt - age(b).firstSeenAt);
}

/** Images that nothing has used for so long that they go however much space there is. */
export function outdatedImages(
  { images, known, now, minimumAgeMs }: Pick<ImageGarbageInput, 'images' | 'known' | 'now' | 'minimumAgeMs'>,
  maximumAgeMs: number,
): readonly Image[] {
  if (maximumAgeMs === 0) return [];
  return unusedImages({ images, known, now, minimumAgeMs }).filter((image) => {
    const { firstSeenAt, lastUsedAt } = known.get(image.id)!;
    return now - Math.max(lastUsedAt, firstSeenAt) > maximumAgeMs;
  });
}

export interface ImageGarbage {
  /** How much must go; 0: nothing. */
  readonly bytes: number;
  /** What goes for that, the one that was used longest ago first. */
  readonly images: readonly Image[];
}

/** Which images to remove from a disk that is fuller than it should be. */
export function imageGarbage(input: ImageGarbageInput): ImageGarbage {
  const { disk } = input;
  if (disk.capacityBytes === 0) return { bytes: 0, images: [] };
  const usedPercent = 100 - Math.floor((disk.availableBytes * 100) / disk.capacityBytes);
  if (usedPercent < input.highPercent) return { bytes: 0, images: [] };
  const bytes = Math.floor((disk.capacityBytes * (100 - input.lowPercent)) / 100) - disk.availableBytes;
  const oldest = unusedImages(input);
  const images: Image[] = [];
  for (let freed = 0; freed < bytes && images.length < oldest.length;) {
    const image = oldest[images.length]!;
    images.push(image);
    freed += image.size;
  }
  return { bytes, images };
}

/**
 * Removes images that nothing uses when the disk is full.
 *
 * Mirrors: pkg/kubelet/images/image_gc_manager.go (v1.36)
 */
export class ImageCollector {
  readonly #config: KubeletConfig;
  readonly #runtime: RuntimeService;
  readonly #images: ImageService;
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onShortage: (message: string) => void;
  readonly #known = new Map<string, KnownImage>();

  constructor(options: {
    readonly config: KubeletConfig;
    readonly runtime: RuntimeService;
    readonly images: ImageService;
    readonly machine: Machine;
    readonly clock: Clock;
    readonly log: Logger;
    /** There is less to remove than must go. */
    readonly onShortage: (message: string) => void;
  }) {
    this.#config = options.config;
    this.#runtime = options.runtime;
    this.#images = options.images;
    this.#machine = options.machine;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onShortage = options.onShortage;
  }

  async collect(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const known = this.#known;
    const { imageMinimumGCAgeMs: minimumAgeMs, imageMaximumGCAgeMs } = this.#config;
    const found = await this.#look(now, signal);
    const outdated = new Set(outdatedImages({ images: found, known, now, minimumAgeMs }, imageMaximumGCAgeMs));
    for (const image of outdated) await this.#remove(image, signal);
    const images = found.filter((image) => !outdated.has(image));
    const { imageFilesystems } = await this.#images.imageFsInfo({}, { signal });
    const mountpoint = imageFilesystems[0]?.fsId?.mountpoint;
    const garbage = imageGarbage({
      images,
      known,
      disk: await this.#machine.disk(mountpoint ?? this.#config.rootDirectory),
      now,
      highPercent: this.#config.imageGCHighThresholdPercent,
      lowPercent: this.#config.imageGCLowThresholdPercent,
      minimumAgeMs,
    });
    let freed = 0;
    for (const image of garbage.images) freed += await this.#remove(image, signal);
    if (freed >= garbage.bytes) return;
    this.#onShortage(
      `Failed to garbage collect required amount of images. Attempted to free ${garbage.bytes} bytes, but only found ${freed} bytes eligible to free.`,
    );
  }

  /** Removes everything that nothing uses. */
  async removeUnused(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const images = await this.#look(now, signal);
    const minimumAgeMs = this.#config.imageMinimumGCAgeMs;
    for (const image of unusedImages({ images, known: this.#known, now, minimumAgeMs })) {
      await this.#remove(image, signal);
    }
  }

  /** Notes which images there are, and which of them are in use now. */
  async #look(now: number, signal: AbortSignal): Promise<readonly Image[]> {
    const [{ images }, { containers }] = await Promise.all([
      this.#images.listImages({}, { signal }),
      this.#runtime.listContainers({}, { signal }),
    ]);
    const used = new Set(containers.flatMap(({ image, imageRef, imageId }) => [image?.image, imageRef, imageId]));
    for (const image of images) {
      const names = [image.id, ...image.repoTags, ...image.repoDigests];
      const before = this.#known.get(image.id) ?? { firstSeenAt: now, lastUsedAt: 0 };
      const isUsed = names.some((name) => used.has(name));
      this.#known.set(image.id, { ...before, lastUsedAt: isUsed ? now : before.lastUsedAt });
    }
    const present = new Set(images.map((image) => image.id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
    return images;
  }

  async #remove(image: Image, signal: AbortSignal): Promise<number> {
    try {
      await this.#images.removeImage({ image: { image: image.id } }, { signal });
      this.#known.delete(image.id);
      return image.size;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#log.warn('failed to remove an image', { image: image.id, error });
      return 0;
    }
  }
}
