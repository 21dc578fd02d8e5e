import { createHash } from 'node:crypto';
import type { Clock } from '@kts/base';
import type { ImageService, Image, ImageSpec } from '../gen/cri.gen.ts';
import type { ScriptedCalls } from './scripted-calls.ts';
import { Turns, type ImageScript, type RuntimeScript } from './script.ts';

const SIZE = 1_000_000;

/** An image that a scripted runtime has. */
export interface ScriptedImage {
  readonly id: string;
  readonly reference: string;
  /** As a registry would name it: with the digest. */
  readonly imageRef: string;
  readonly user: ImageScript;
}

/** The images of a scripted runtime: any image can be pulled unless the script says otherwise. */
export class ScriptedImages implements ImageService {
  readonly #clock: Clock;
  readonly #calls: ScriptedCalls;
  readonly #turns = new Turns();
  readonly #images = new Map<string, ScriptedImage>();
  #script: RuntimeScript = {};

  constructor(clock: Clock, calls: ScriptedCalls) {
    this.#clock = clock;
    this.#calls = calls;
  }

  play(script: RuntimeScript): void {
    this.#script = script;
    for (const [reference, user] of Object.entries(script.images ?? {})) this.add(reference, user);
  }

  add(reference: string, user: ImageScript = { uid: 0 }): ScriptedImage {
    const hash = createHash('sha256').update(reference).digest('hex');
    const name = reference.includes('@') ? undefined : reference.replace(/:[^:/]*$/, '');
    const imageRef = name === undefined ? reference : `${name}@sha256:${hash}`;
    const image = { id: `sha256:${hash}`, reference, imageRef, user };
    this.#images.set(reference, image);
    return image;
  }

  /** By reference or id. */
  find(name: string): ScriptedImage | undefined {
    return this.#images.get(name) ?? [...this.#images.values()].find((image) => image.id === name);
  }

  listImages: ImageService['listImages'] = () => Promise.resolve({ images: [...this.#images.values()].map(toImage) });

  imageStatus: ImageService['imageStatus'] = (request) => {
    const name = request.image?.image ?? '';
    const found = this.find(name) ?? this.find(`${name}:latest`);
    return Promise.resolve(found ? { image: toImage(found), info: {} } : { info: {} });
  };

  pullImage: ImageService['pullImage'] = (request, options) =>
    this.#calls.run('PullImage', request, options, async () => {
      const name = request.image?.image ?? '';
      const outcome = this.#turns.next(name, this.#script.pulls?.[name]);
      if (outcome?.delayMs) await this.#clock.sleep(outcome.delayMs, options?.signal);
      if (outcome?.message !== undefined) this.#calls.fail(outcome);
      return { imageRef: this.add(name).id };
    });

  removeImage: ImageService['removeImage'] = (request, options) =>
    this.#calls.run('RemoveImage', request, options, () => {
      const found = this.find((request.image as ImageSpec | undefined)?.image ?? '');
      if (found) this.#images.delete(found.reference);
      return Promise.resolve({});
    });

  imageFsInfo: ImageService['imageFsInfo'] = () => Promise.resolve({ imageFilesystems: [], containerFilesystems: [] });
}

function toImage(image: ScriptedImage): Image {
  const { id, reference, imageRef, user } = image;
  return {
    id,
    repoTags: reference.includes('@') ? [] : [reference],
    repoDigests: [imageRef],
    size: SIZE,
    username: user.username ?? '',
    pinned: false,
    ...(user.uid === undefined ? {} : { uid: { value: user.uid } }),
  };
}
