import { createHash } from 'node:crypto';

import type { Clock } from '@kts/base';

import { GrpcError } from '@kts/grpc';
import type {
  ImageFsInfoResponse,
  ImageService,
  ImageStatusRequest,
  ImageStatusResponse,
  ListImagesResponse,
  PullImageRequest,
  PullImageResponse,
  RemoveImageRequest,
  RemoveImageResponse,
} from '../gen/cri.gen.ts';

const NANOS_PER_MS = 1e6;

/** Every image exists, has no content, and is identified by the digest of its name. */
export class SimulatedImages implements ImageService {
  readonly #clock: Clock;
  readonly #pullError: (image: string, annotations: Readonly<Record<string, string>>) => string | undefined;
  /** Id to the reference it was pulled by. */
  readonly #present = new Map<string, string>();

  constructor(
    clock: Clock,
    pullError: (image: string, annotations: Readonly<Record<string, string>>) => string | undefined,
  ) {
    this.#clock = clock;
    this.#pullError = pullError;
  }

  /** By reference or by id. */
  idOf(reference: string): string {
    return this.#present.has(reference) ? reference : `sha256:${createHash('sha256').update(reference).digest('hex')}`;
  }

  listImages(): Promise<ListImagesResponse> {
    return Promise.resolve({ images: [...this.#present.keys()].map((id) => this.#image(id)) });
  }

  imageStatus({ image }: ImageStatusRequest): Promise<ImageStatusResponse> {
    const id = this.idOf(image?.image ?? '');
    return Promise.resolve(this.#present.has(id) ? { image: this.#image(id), info: {} } : { info: {} });
  }

  pullImage({ image, sandboxConfig }: PullImageRequest): Promise<PullImageResponse> {
    const reference = image?.image ?? '';
    const error = this.#pullError(reference, sandboxConfig?.annotations ?? {});
    if (error !== undefined) {
      const text = `failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${error}`;
      return Promise.reject(new GrpcError('Unknown', text));
    }
    const id = this.idOf(reference);
    this.#present.set(id, reference);
    return Promise.resolve({ imageRef: id });
  }

  removeImage({ image }: RemoveImageRequest): Promise<RemoveImageResponse> {
    this.#present.delete(this.idOf(image?.image ?? ''));
    return Promise.resolve({});
  }

  imageFsInfo(): Promise<ImageFsInfoResponse> {
    const usage = { timestamp: this.#clock.now() * NANOS_PER_MS, usedBytes: { value: 0 }, inodesUsed: { value: 0 } };
    return Promise.resolve({ imageFilesystems: [usage], containerFilesystems: [usage] });
  }

  #image(id: string): {
    id: string;
    repoTags: string[];
    repoDigests: string[];
    size: number;
    username: string;
    pinned: boolean;
  } {
    return { id, repoTags: [this.#present.get(id)!], repoDigests: [], size: 0, username: '', pinned: false };
  }
}
