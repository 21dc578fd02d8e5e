import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { formatTime } from '@kts/base';
import type { KeyPair } from '@kts/client';

/**
 * Certificates with their keys in one file each; a link leads to the one that counts.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/certificate/certificate_store.go (v1.36)
 */
export class CertificateStore {
  readonly #directory: string;
  readonly #name: string;

  /** `name` such as `kubelet-client`. */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  get currentPath(): string {
    return join(this.#directory, `${this.#name}-current.pem`);
  }

  /** `undefined`: there is none yet. */
  current(): KeyPair | undefined {
    if (!existsSync(this.currentPath)) return undefined;
    const text = readFileSync(this.currentPath, 'utf8');
    const certificate = blocks(text, 'CERTIFICATE');
    const key = blocks(text, '[A-Z ]*PRIVATE KEY');
    return certificate === '' || key === '' ? undefined : { certificate, key };
  }

  save({ certificate, key }: KeyPair, now: number): void {
    mkdirSync(this.#directory, { recursive: true });
    const stamp = formatTime(now).replaceAll(/[TZ:]/g, '-').replace(/-$/, '');
    const path = join(this.#directory, `${this.#name}-${stamp}.pem`);
    writeFileSync(path, certificate + key, { mode: 0o600 });
    const link = `${this.currentPath}.new`;
    rmSync(link, { force: true });
    symlinkSync(basename(path), link);
    renameSync(link, this.currentPath);
  }
}

function blocks(text: string, label: string): string {
  const all = text.match(new RegExp(`-----BEGIN (${label})-----[^-]+-----END \\1-----\\n?`, 'g')) ?? [];
  return all.map((block) => (block.endsWith('\n') ? block : `${block}\n`)).join('');
}
