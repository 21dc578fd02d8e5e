/**
 * What other systems need to check service account tokens.
 *
 * Mirrors: pkg/serviceaccount/openidmetadata.go and pkg/routes/openidmetadata.go (v1.36)
 */
import { jsonWebKey, type VerificationKey } from '../authentication/jwt.ts';
import type { PathRoute } from './router.ts';

const CACHE = { 'cache-control': 'public, max-age=3600' };
const encoder = new TextEncoder();

/** @param jwksUri where the keys are found, as others reach this server. */
export function openidRoutes(issuer: string, jwksUri: string, keys: readonly VerificationKey[]): readonly PathRoute[] {
  const metadata = {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.algorithm))].sort(),
  };
  return [
    document('/.well-known/openid-configuration', 'application/json', metadata),
    document('/openid/v1/jwks', 'application/jwk-set+json', { keys: keys.map(jsonWebKey) }),
  ];
}

function document(path: string, contentType: string, content: object): PathRoute {
  const body = encoder.encode(JSON.stringify(content));
  return {
    path,
    handler: () => Promise.resolve({ kind: 'bytes', status: 200, contentType, body, headers: CACHE }),
  };
}
