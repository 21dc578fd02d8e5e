/**
 * Warns about key pairs that no server can use.
 *
 * Mirrors: warningsForSecret in pkg/registry/core/secret/strategy.go (v1.36), X509KeyPair of Go's crypto/tls
 * Differs: does not look into well-formed PEM blocks, because Go's messages about their content are its own.
 */
import type { Secret } from '../gen/core-v1.gen.ts';

const BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n[^-]*-----END \1-----/g;

export function secretWarnings({ type, data = {} }: Secret): readonly string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const problem =
    pemProblem(data['tls.crt'], 'certificate', (block) => block === 'CERTIFICATE') ??
    pemProblem(data['tls.key'], 'key', (block) => block === 'PRIVATE KEY' || block.endsWith(' PRIVATE KEY'));
  return problem ? [problem] : [];
}

function pemProblem(base64 = '', input: 'certificate' | 'key', isWanted: (block: string) => boolean) {
  const blocks = [...Buffer.from(base64, 'base64').toString('latin1').matchAll(BLOCK)].map(([, block]) => block!);
  if (blocks.some(isWanted)) return undefined;
  if (blocks.length === 0) return `tls: failed to find any PEM data in ${input} input`;
  const [only] = blocks;
  if (input === 'certificate' && blocks.length === 1 && only!.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  if (input === 'key' && blocks.length === 1 && only === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  }
  const wanted = input === 'certificate' ? '"CERTIFICATE" PEM block' : 'PEM block with type ending in "PRIVATE KEY"';
  return `tls: failed to find ${wanted} in ${input} input after skipping PEM blocks of the following types: [${blocks.join(' ')}]`;
}
