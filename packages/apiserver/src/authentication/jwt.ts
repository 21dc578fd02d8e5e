/**
 * Signed JSON web tokens, as much of them as service accounts need: compact form, RSA and elliptic curves. Pure.
 *
 * Mirrors: the keys of pkg/serviceaccount/jwt.go (v1.36)
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** What is hashed with what. */
const HASHES = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' } as const;
/** By OpenSSL's names. */
const CURVES: Readonly<Record<string, JwtAlgorithm>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

export type JwtAlgorithm = keyof typeof HASHES;

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly algorithm: JwtAlgorithm;
  readonly id: string;
}

export interface VerificationKey {
  readonly publicKey: KeyObject;
  readonly algorithm: JwtAlgorithm;
  readonly id: string;
}

export function signingKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { privateKey, algorithm: algorithmOf(privateKey), id: keyId(createPublicKey(privateKey)) };
}

/** From a public or a private key. */
export function verificationKey(pem: string): VerificationKey {
  const publicKey = createPublicKey(pem);
  return { publicKey, algorithm: algorithmOf(publicKey), id: keyId(publicKey) };
}

export function signToken(key: SigningKey, claims: object): string {
  const header = encode({ alg: key.algorithm, kid: key.id });
  const content = `${header}.${encode(claims)}`;
  const signature = sign(HASHES[key.algorithm], Buffer.from(content, 'ascii'), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${content}.${signature.toString('base64url')}`;
}

/** What a token claims, without believing it. Undefined: not a token. */
export function readClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  return decode(token.split('.')[1]);
}

/** The claims of a token that one of the keys has signed. */
export function verifyToken(
  token: string,
  keys: readonly VerificationKey[],
): Readonly<Record<string, unknown>> | undefined {
  const [header, claims, signature, ...rest] = token.split('.');
  if (!header || !claims || !signature || rest.length > 0) return undefined;
  const { alg, kid } = decode(header) ?? {};
  const content = Buffer.from(`${header}.${claims}`, 'ascii');
  const signed = keys.some(
    (key) =>
      key.algorithm === alg &&
      (kid === undefined || key.id === kid) &&
      verify(
        HASHES[key.algorithm],
        content,
        { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  );
  return signed ? decode(claims) : undefined;
}

/** A public key as `/openid/v1/jwks` shows it. */
export function jsonWebKey(key: VerificationKey): object {
  const { kty, crv, x, y, n, e } = key.publicKey.export({ format: 'jwk' });
  const numbers = kty === 'EC' ? { crv, x, y } : { n, e };
  return { use: 'sig', kty, kid: key.id, alg: key.algorithm, ...numbers };
}

function algorithmOf(key: KeyObject): JwtAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const byCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (byCurve) return byCurve;
  throw new TypeError('service account keys must be RSA, or ECDSA on the curve P-256, P-384 or P-521');
}

/** Like upstream, so that tokens of an earlier cluster are found by the same id. */
function keyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');

function decode(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!part) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
