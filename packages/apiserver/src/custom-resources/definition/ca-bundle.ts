/**
 * Mirrors: ValidateCABundle in staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go and rootCertPool in
 * staging/src/k8s.io/client-go/transport/transport.go (v1.36)
 */
import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN ([^-]*)-----\r?\n([\s\S]*?)-----END \1-----/g;

/** What is wrong with certificates (PEM in base64); undefined if one of them can be used. */
export function caBundleProblem(base64: string): string | undefined {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  if (text === '') return undefined;
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0) return 'unable to load root certificates: unable to parse bytes as PEM block';
  let problem = 'no valid certificate authority data seen';
  for (const [block, type] of blocks) {
    if (type !== 'CERTIFICATE') continue;
    try {
      if (new X509Certificate(block).subject !== undefined) return undefined;
    } catch {
      problem = 'failed to parse certificate: x509: malformed certificate';
    }
  }
  return `unable to load root certificates: ${problem}`;
}
