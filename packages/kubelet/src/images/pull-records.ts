import { createHash } from 'node:crypto';
import { isFileError, type FileSystem } from '../host/file-system.ts';
import type { PullCredential } from './pull-credentials.ts';

/** Who may use an image that this kubelet pulled, by repository. */
interface PulledRecord {
  readonly imageRef: string;
  readonly access: Readonly<Record<string, RepositoryAccess>>;
}
interface RepositoryAccess {
  /** It was pulled without credentials: every pod may use it. */
  readonly everyone: boolean;
  readonly secrets: readonly SecretAccess[];
}
interface SecretAccess {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
}

const SECRETS_PER_REPOSITORY_MAX = 100;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * Remembers with which credentials images were pulled, so that a pod without them cannot use an image just because it
 * is on the node. Images that the kubelet did not pull are free for all.
 *
 * Mirrors: pkg/kubelet/images/pullmanager (v1.36)
 * Differs: one file per image with an encoding of its own; an interrupted pull counts as not pulled by the kubelet only
 * if its intent was not written.
 */
export class PullRecords {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #pulling = new Map<string, number>();

  constructor(files: FileSystem, rootDirectory: string) {
    this.#files = files;
    this.#directory = `${rootDirectory}/image_manager`;
  }

  async begin(image: string): Promise<void> {
    this.#pulling.set(image, (this.#pulling.get(image) ?? 0) + 1);
    await this.#write(this.#intentPath(image), { image });
  }

  async fail(image: string): Promise<void> {
    await this.#end(image);
  }

  /** `credential` undefined: none was needed. */
  async succeed(
    image: string,
    repository: string,
    imageRef: string,
    credential: PullCredential | undefined,
  ): Promise<void> {
    const record = (await this.#read(imageRef)) ?? { imageRef, access: {} };
    const before = record.access[repository] ?? { everyone: false, secrets: [] };
    const access = { ...record.access, [repository]: grant(before, credential) };
    await this.#write(this.#recordPath(imageRef), { imageRef, access } satisfies PulledRecord);
    await this.#end(image);
  }

  /** Whether the pod must show, by pulling again, that it may use an image that is on the node. */
  async mustPull(
    image: string,
    repository: string,
    imageRef: string,
    credentials: () => readonly PullCredential[],
  ): Promise<boolean> {
    const record = await this.#read(imageRef);
    if (!record) return this.#pulling.has(image) || (await this.#files.stat(this.#intentPath(image))) !== undefined;
    const access = record.access[repository];
    if (!access) return true;
    if (access.everyone) return false;
    return !credentials().some((credential) =>
      access.secrets.some((secret) => secret.hash === credential.hash || isSameSecret(secret, credential.source)),
    );
  }

  async #end(image: string): Promise<void> {
    const count = (this.#pulling.get(image) ?? 1) - 1;
    if (count > 0) this.#pulling.set(image, count);
    else {
      this.#pulling.delete(image);
      await this.#files.remove(this.#intentPath(image));
    }
  }

  #intentPath(image: string): string {
    return `${this.#directory}/pulling/${hashName(image)}`;
  }

  #recordPath(imageRef: string): string {
    return `${this.#directory}/pulled/${hashName(imageRef)}`;
  }

  async #read(imageRef: string): Promise<PulledRecord | undefined> {
    try {
      return JSON.parse(
        new TextDecoder().decode(await this.#files.readFile(this.#recordPath(imageRef))),
      ) as PulledRecord;
    } catch (error) {
      if (isFileError(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async #write(path: string, content: object): Promise<void> {
    await this.#files.makeDirectory(path.slice(0, path.lastIndexOf('/')), DIRECTORY_MODE);
    await this.#files.writeFile(path, new TextEncoder().encode(JSON.stringify(content)), FILE_MODE);
  }
}

function grant(access: RepositoryAccess, credential: PullCredential | undefined): RepositoryAccess {
  if (!credential || access.everyone) return { everyone: true, secrets: [] };
  const { namespace, name, uid } = credential.source;
  const others = access.secrets.filter((secret) => !isSameSecret(secret, credential.source));
  const secrets = [{ namespace, name, uid, hash: credential.hash }, ...others].slice(0, SECRETS_PER_REPOSITORY_MAX);
  return { everyone: false, secrets };
}

function isSameSecret(a: SecretAccess, b: PullCredential['source']): boolean {
  return a.namespace === b.namespace && a.name === b.name && a.uid === b.uid;
}

function hashName(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('hex')}`;
}
