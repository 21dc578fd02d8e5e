/**
 * The keys and certificates of a cluster. What exists is used again, what is missing, outdated or too old is made.
 *
 * Mirrors: cmd/kubeadm/app/phases/certs/certlist.go (v1.36)
 * Differs: keys are ECDSA P-256 instead of RSA, which is a hundred times faster to make.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';

import type { Clock, Random } from '@kts/base';
import { issue, type CertificateRequest, type KeyPair } from '@kts/client';

import type { PkiFiles } from './pki-files.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;
const AUTHORITY_LIFE_MS = 10 * YEAR_MS;
const CERTIFICATE_LIFE_MS = YEAR_MS;
/** Certificates are valid from a little earlier: clocks differ. */
const BACKDATE_MS = 5 * 60 * 1000;
/** The part of its life after which a certificate is replaced. */
const RENEW_AFTER = 2 / 3;

/** The common name of whoever may say in headers for whom it asks. */
export const FRONT_PROXY_NAME = 'front-proxy-client';

export interface ClusterPki {
  /** Signs everybody's certificates, and is what clients trust. */
  readonly authority: KeyPair;
  readonly serving: KeyPair;
  /** What the API server shows to kubelets. */
  readonly kubeletClient: KeyPair;
  readonly frontProxyAuthority: KeyPair;
  /** What the API server shows to aggregated API servers. */
  readonly frontProxyClient: KeyPair;
  readonly serviceAccount: { readonly privateKey: string; readonly publicKey: string };
  /** When the first certificate has to be replaced; milliseconds since the epoch. */
  readonly renewAt: number;
}

export interface PkiOptions {
  readonly files: PkiFiles;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'uuid'>;
  /** Names and addresses of the API server beyond those that every cluster has. */
  readonly names?: readonly string[];
  /** The first address of the service range. */
  readonly serviceAddress?: string;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
}

/** What the API server's certificate is valid for. */
export function servingNames(
  options: Pick<PkiOptions, 'names' | 'serviceAddress' | 'clusterDomain'>,
): readonly string[] {
  const domain = options.clusterDomain ?? 'cluster.local';
  return [
    ...new Set([
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${domain}`,
      '127.0.0.1',
      '::1',
      ...(options.serviceAddress ? [options.serviceAddress] : []),
      ...(options.names ?? []),
    ]),
  ];
}

export function ensurePki(options: PkiOptions): ClusterPki {
  const authority = ensureAuthority(options, 'ca', 'kubernetes');
  const frontProxyAuthority = ensureAuthority(options, 'front-proxy-ca', 'front-proxy-ca');
  const serving = ensureCertificate(options, 'apiserver', authority, {
    commonName: 'kube-apiserver',
    usage: 'server',
    alternativeNames: servingNames(options),
  });
  const kubeletClient = ensureCertificate(options, 'apiserver-kubelet-client', authority, {
    commonName: 'kube-apiserver-kubelet-client',
    // kubeadm has a group and a role binding of its own for this; kubelets ask the API server, which knows this one.
    organizations: ['system:masters'],
    usage: 'client',
  });
  const frontProxyClient = ensureCertificate(options, 'front-proxy-client', frontProxyAuthority, {
    commonName: FRONT_PROXY_NAME,
    usage: 'client',
  });
  return {
    authority,
    serving,
    kubeletClient,
    frontProxyAuthority,
    frontProxyClient,
    serviceAccount: ensureServiceAccountKey(options.files),
    renewAt: Math.min(...[serving, kubeletClient, frontProxyClient].map((pair) => renewalTime(pair.certificate))),
  };
}

/** A certificate for a client of this cluster; not stored. */
export function issueClient(
  options: Pick<PkiOptions, 'clock' | 'random'>,
  authority: KeyPair,
  identity: { readonly commonName: string; readonly organizations?: readonly string[] },
): KeyPair {
  return issue({ ...identity, usage: 'client', ...validity(options, CERTIFICATE_LIFE_MS) }, authority);
}

/** A certificate for a server of this cluster, such as a kubelet; not stored. */
export function issueServer(
  options: Pick<PkiOptions, 'clock' | 'random'>,
  authority: KeyPair,
  identity: {
    readonly commonName: string;
    readonly organizations?: readonly string[];
    readonly alternativeNames: readonly string[];
  },
): KeyPair {
  return issue({ ...identity, usage: 'server', ...validity(options, CERTIFICATE_LIFE_MS) }, authority);
}

/** When a certificate is to be replaced; milliseconds since the epoch. */
export function renewalTime(certificate: string): number {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return validFromDate.getTime() + (validToDate.getTime() - validFromDate.getTime()) * RENEW_AFTER;
}

function ensureAuthority(options: PkiOptions, name: string, commonName: string): KeyPair {
  const known = read(options.files, name);
  if (known) return known;
  const made = issue({ commonName, usage: 'authority', ...validity(options, AUTHORITY_LIFE_MS) });
  write(options.files, name, made);
  return made;
}

type Wanted = Pick<CertificateRequest, 'commonName' | 'organizations' | 'usage' | 'alternativeNames'>;

function ensureCertificate(options: PkiOptions, name: string, authority: KeyPair, wanted: Wanted): KeyPair {
  const known = read(options.files, name);
  if (known && isCurrent(known.certificate, authority, wanted, options.clock.now())) return known;
  const made = issue({ ...wanted, ...validity(options, CERTIFICATE_LIFE_MS) }, authority);
  write(options.files, name, made);
  return made;
}

function isCurrent(certificate: string, authority: KeyPair, wanted: Wanted, now: number): boolean {
  const x509 = new X509Certificate(certificate);
  if (!x509.checkIssued(new X509Certificate(authority.certificate))) return false;
  const names = new Set((x509.subjectAltName ?? '').split(', ').map((text) => text.slice(text.indexOf(':') + 1)));
  const covered = (wanted.alternativeNames ?? []).every((text) => names.has(text) || x509.checkIP(text) !== undefined);
  return covered && now < renewalTime(certificate);
}

function ensureServiceAccountKey(files: PkiFiles): ClusterPki['serviceAccount'] {
  const privateKey = files.read('sa.key');
  const publicKey = files.read('sa.pub');
  if (privateKey && publicKey) return { privateKey, publicKey };
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pair = {
    privateKey: made.privateKey.export({ type: 'sec1', format: 'pem' }) as string,
    publicKey: made.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
  files.write('sa.key', pair.privateKey, true);
  files.write('sa.pub', pair.publicKey, false);
  return pair;
}

function validity(
  { clock, random }: Pick<PkiOptions, 'clock' | 'random'>,
  life: number,
): Pick<CertificateRequest, 'notBefore' | 'notAfter' | 'serial'> {
  const now = clock.now();
  return {
    notBefore: now - BACKDATE_MS,
    notAfter: now + life,
    serial: Buffer.from(random.uuid().replaceAll('-', ''), 'hex'),
  };
}

function read(files: PkiFiles, name: string): KeyPair | undefined {
  const certificate = files.read(`${name}.crt`);
  const key = files.read(`${name}.key`);
  return certificate && key ? { certificate, key } : undefined;
}

function write(files: PkiFiles, name: string, pair: KeyPair): void {
  files.write(`${name}.key`, pair.key, true);
  files.write(`${name}.crt`, pair.certificate, false);
}
