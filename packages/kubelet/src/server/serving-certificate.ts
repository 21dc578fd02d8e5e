import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Random } from '@kts/base';
import { issue, type KeyPair } from '@kts/client';

/** Files of the kubelet's server; all PEM. */
export interface ServingFiles {
  readonly certificate?: string;
  readonly key?: string;
  /** Where a certificate that is made here is kept. */
  readonly directory: string;
}

const LIFE_MS = 365 * 24 * 3600 * 1000;

/**
 * The certificate that the files name; without them one that nobody has signed, made at the first start.
 *
 * Mirrors: cmd/kubelet/app/server.go InitializeTLS (v1.36)
 * Differs: keys are ECDSA P-256 instead of RSA, which takes a hundred times longer to make.
 */
export function servingCertificate(
  files: ServingFiles,
  nodeName: string,
  deps: { readonly clock: Clock; readonly random: Random },
): KeyPair {
  if ((files.certificate === undefined) !== (files.key === undefined))
    throw new Error('--tls-cert-file and --tls-private-key-file must be given together');
  const certificateFile = files.certificate ?? join(files.directory, 'kubelet.crt');
  const keyFile = files.key ?? join(files.directory, 'kubelet.key');
  if (files.certificate === undefined && !(existsSync(certificateFile) && existsSync(keyFile))) {
    const made = selfSigned(nodeName, deps);
    mkdirSync(files.directory, { recursive: true });
    writeFileSync(keyFile, made.key, { mode: 0o600 });
    writeFileSync(certificateFile, made.certificate);
  }
  return { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** Signed by an authority whose key is forgotten at once. */
function selfSigned(nodeName: string, { clock, random }: { readonly clock: Clock; readonly random: Random }): KeyPair {
  const now = clock.now();
  const seconds = Math.floor(now / 1000);
  const common = () => ({
    notBefore: now - 3_600_000,
    notAfter: now + LIFE_MS,
    serial: Buffer.from(random.uuid().replaceAll('-', ''), 'hex'),
  });
  const authority = issue({ ...common(), commonName: `${nodeName}-ca@${seconds}`, usage: 'authority' });
  const { certificate, key } = issue(
    { ...common(), commonName: `${nodeName}@${seconds}`, usage: 'server', alternativeNames: [nodeName] },
    authority,
  );
  return { certificate: certificate + authority.certificate, key };
}
