import type { ObjectReference, Pod, Secret } from '@kts/api/types/core-v1';
import { formatDuration } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { type ImageService, type ImageSpec, type PodSandboxConfig } from '@kts/host-cri';
import type { PodEvents } from '../pod/pod-events.ts';
import { BackOff } from '../runtime/back-off.ts';
import type { ImageUser } from '../runtime/security-context.ts';
import { ImageNameError, parseImageName, withDefaultTag } from './image-name.ts';
import { pullCredentials, type PullCredential } from './pull-credentials.ts';
import type { PullRecords } from './pull-records.ts';
import type { Semaphore } from './semaphore.ts';

export interface ImageRequest {
  /** What events are about. */
  readonly about: ObjectReference;
  readonly pod: Pod;
  readonly image: string;
  readonly policy: 'Always' | 'IfNotPresent' | 'Never';
  readonly pullSecrets: readonly Secret[];
  readonly sandboxConfig: PodSandboxConfig;
  readonly runtimeHandler: string;
}

export type ImageResult =
  | { readonly ok: true; readonly imageRef: string }
  /** `reason` is the waiting reason of the container. */
  | { readonly ok: false; readonly reason: string; readonly message: string };

const BACK_OFF_INITIAL_MS = 10_000;
const BACK_OFF_MAX_MS = 300_000;

const failed = (reason: string, message: string): ImageResult => ({ ok: false, reason, message });

/**
 * Brings the images that containers need to the node.
 *
 * Mirrors: pkg/kubelet/images/image_manager.go (v1.36)
 */
export class ImageManager {
  readonly #images: ImageService;
  readonly #clock: Clock;
  readonly #events: PodEvents;
  readonly #records: PullRecords;
  readonly #pulls: Semaphore;
  readonly #backOff = new BackOff(BACK_OFF_INITIAL_MS, BACK_OFF_MAX_MS);
  readonly #lastErrors = new Map<string, string>();

  constructor(options: {
    readonly images: ImageService;
    readonly clock: Clock;
    readonly events: PodEvents;
    readonly records: PullRecords;
    /** How many pulls may go on at a time. */
    readonly pulls: Semaphore;
  }) {
    this.#images = options.images;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#records = options.records;
    this.#pulls = options.pulls;
  }

  async ensure(request: ImageRequest, signal: AbortSignal): Promise<ImageResult> {
    const { image, policy } = request;
    let spec: ImageSpec;
    try {
      spec = {
        image: withDefaultTag(image),
        annotations: request.pod.metadata.annotations ?? {},
        runtimeHandler: request.runtimeHandler,
      };
    } catch (error) {
      if (!(error instanceof ImageNameError)) throw error;
      const message = `Failed to apply default image tag "${image}": ${error.message}`;
      this.#warn(request, 'InspectFailed', message);
      return failed('InvalidImageName', message);
    }
    if (policy !== 'Always') {
      const present = await this.#present(request, spec, signal);
      if (present) return present;
    }
    return this.#pull(request, spec, signal);
  }

  /** The user that the image declares; root if it declares none. */
  async user(image: string, signal: AbortSignal): Promise<ImageUser> {
    const { image: found } = await this.#images.imageStatus({ image: { image } }, { signal });
    if (found?.uid) return { uid: found.uid.value ?? 0, username: '' };
    if (found?.username) return { username: found.username };
    return { uid: 0, username: '' };
  }

  /** The result if the image needs no pull; `undefined` if it does. */
  async #present(request: ImageRequest, spec: ImageSpec, signal: AbortSignal): Promise<ImageResult | undefined> {
    const { image, policy } = request;
    let imageRef: string;
    try {
      imageRef = (await this.#images.imageStatus({ image: spec }, { signal })).image?.id ?? '';
    } catch (error) {
      if (signal.aborted) throw error;
      const message = `Failed to inspect image "": ${errorText(error)}`;
      this.#warn(request, 'InspectFailed', message);
      return failed('ImageInspectError', message);
    }
    const { repository } = parseImageName(image);
    const credentials = (): readonly PullCredential[] => pullCredentials(request.pullSecrets, repository);
    if (imageRef !== '' && !(await this.#records.mustPull(image, repository, imageRef, credentials))) {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      this.#events.record(request.about, 'Normal', 'Pulled', message);
      return { ok: true, imageRef };
    }
    if (policy !== 'Never') return undefined;
    const message = `Container image "${image}" is not present with pull policy of Never`;
    this.#warn(request, 'ErrImageNeverPull', message);
    return failed('ErrImageNeverPull', message);
  }

  async #pull(request: ImageRequest, spec: ImageSpec, signal: AbortSignal): Promise<ImageResult> {
    const { image, about } = request;
    const key = `${request.pod.metadata.uid}_${image}`;
    if (this.#backOff.isWaitingSinceTry(key, this.#clock.now())) {
      const message = `Back-off pulling image "${image}"`;
      this.#events.record(about, 'Normal', 'BackOff', message);
      const cause = this.#lastErrors.get(key);
      return failed('ImagePullBackOff', cause === undefined ? message : `${message}: ${cause}`);
    }
    this.#lastErrors.delete(key);
    this.#events.record(about, 'Normal', 'Pulling', `Pulling image "${image}"`);
    const start = this.#clock.monotonic();
    await this.#records.begin(image);
    try {
      using _ = await this.#pulls.acquire(signal);
      const pullStart = this.#clock.monotonic();
      const { imageRef, credential } = await this.#pullWithCredentials(request, spec, signal);
      const end = this.#clock.monotonic();
      const { image: pulled } = await this.#images.imageStatus({ image: spec }, { signal });
      await this.#records.succeed(image, parseImageName(image).repository, imageRef, credential);
      const took = `${goMs(end - pullStart)} (${goMs(end - start)} including waiting)`;
      const message = `Successfully pulled image "${image}" in ${took}. Image size: ${pulled?.size ?? 0} bytes.`;
      this.#events.record(about, 'Normal', 'Pulled', message);
      this.#backOff.collect(this.#clock.now());
      return { ok: true, imageRef };
    } catch (error) {
      await this.#records.fail(image);
      if (signal.aborted) throw error;
      return this.#failedPull(request, key, errorText(error));
    }
  }

  #failedPull(request: ImageRequest, key: string, text: string): ImageResult {
    const { image } = request;
    this.#warn(request, 'Failed', `Failed to pull image "${image}": ${text}`);
    const now = this.#clock.now();
    this.#backOff.next(key, now, now);
    const { reason, message } = explainPullError(image, text);
    this.#lastErrors.set(key, `${reason}: ${message}`);
    return failed(reason, message);
  }

  /** Tries the credentials one after the other; the errors of all of them count. */
  async #pullWithCredentials(
    request: ImageRequest,
    spec: ImageSpec,
    signal: AbortSignal,
  ): Promise<{ readonly imageRef: string; readonly credential: PullCredential | undefined }> {
    const credentials = pullCredentials(request.pullSecrets, parseImageName(request.image).repository);
    const { sandboxConfig } = request;
    if (credentials.length === 0) {
      const { imageRef } = await this.#images.pullImage({ image: spec, sandboxConfig }, { signal });
      return { imageRef, credential: undefined };
    }
    const errors = new Set<string>();
    for (const credential of credentials) {
      const { username, password } = credential;
      try {
        const auth = { username, password };
        const { imageRef } = await this.#images.pullImage({ image: spec, auth, sandboxConfig }, { signal });
        return { imageRef, credential };
      } catch (error) {
        if (signal.aborted) throw error;
        errors.add(errorText(error));
      }
    }
    const texts = [...errors];
    throw new Error(texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`);
  }

  #warn(request: ImageRequest, reason: string, message: string): void {
    this.#events.record(request.about, 'Warning', reason, message);
  }
}

/** A code of Unknown adds nothing, so it is left out. */
function errorText(error: unknown): string {
  if (GrpcError.is(error, 'Unknown')) return error.description;
  return Error.isError(error) ? error.message : String(error);
}

const KNOWN_PULL_ERRORS: Readonly<Record<string, string>> = {
  RegistryUnavailable: 'the registry is unavailable',
  SignatureValidationFailed: 'the signature validation failed',
};

function explainPullError(image: string, text: string): { readonly reason: string; readonly message: string } {
  for (const [reason, explanation] of Object.entries(KNOWN_PULL_ERRORS)) {
    if (text.startsWith(reason)) {
      return { reason, message: `image pull failed for ${image} because ${explanation}${text.slice(reason.length)}` };
    }
  }
  return { reason: 'ErrImagePull', message: text };
}

function goMs(ms: number): string {
  return formatDuration(BigInt(Math.round(ms)) * 1_000_000n);
}
