/**
 * What a server answers besides resources, for OpenAPI: discovery, the version, the keys of its tokens.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/discovery and .../server/routes (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';

import { capitalized, groupWords, tagOf } from './operation.ts';

/** A GET. */
export interface ServerPath {
  /** With the slash at its end. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  /** The type of the answer; absent: text. */
  readonly answer?: string;
  readonly produces: readonly string[];
  readonly consumes?: readonly string[];
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const JSON_ONLY = ['application/json'];
const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

const FIXED: readonly ServerPath[] = [
  {
    path: '/.well-known/openid-configuration/',
    id: 'getServiceAccountIssuerOpenIDConfiguration',
    tag: 'WellKnown',
    produces: JSON_ONLY,
  },
  discovery('/api/', 'getCoreAPIVersions', 'core', 'APIVersions'),
  discovery('/apis/', 'getAPIVersions', 'apis', 'APIGroupList'),
  {
    path: '/openid/v1/jwks/',
    id: 'getServiceAccountIssuerOpenIDKeyset',
    tag: 'openid',
    produces: ['application/jwk-set+json'],
  },
  {
    path: '/version/',
    id: 'getCodeVersion',
    tag: 'version',
    answer: 'io.k8s.apimachinery.pkg.version.Info',
    produces: JSON_ONLY,
    consumes: JSON_ONLY,
  },
];

/** The paths of a server with some resources; those that are defined at runtime have none. */
export function serverPaths(definitions: Iterable<ResourceDefinition>): readonly ServerPath[] {
  const found = new Map(FIXED.map((one) => [one.path, one]));
  for (const definition of definitions) {
    if (definition.schema.name === '') continue;
    for (const one of [groupPath(definition), groupVersionResources(definition)]) {
      if (one && !found.has(one.path)) found.set(one.path, one);
    }
  }
  return [...found.values()];
}

/** Discovery of one group version. */
export function groupVersionResources(definition: ResourceDefinition): ServerPath {
  const { group, version } = definition;
  const name = [...groupWords(group), version].map(capitalized).join('');
  const path = `/${group ? 'apis' : 'api'}/${apiVersionOf(definition)}/`;
  return discovery(path, `get${name}APIResources`, tagOf(definition), 'APIResourceList');
}

function groupPath({ group }: ResourceDefinition): ServerPath | undefined {
  if (!group) return undefined;
  const words = groupWords(group);
  const tag = [words[0]!, ...words.slice(1).map(capitalized)].join('');
  return discovery(`/apis/${group}/`, `get${words.map(capitalized).join('')}APIGroup`, tag, 'APIGroup');
}

function discovery(path: string, id: string, tag: string, kind: string): ServerPath {
  return { path, id, tag, answer: META + kind, produces: MEDIA_TYPES, consumes: MEDIA_TYPES };
}
