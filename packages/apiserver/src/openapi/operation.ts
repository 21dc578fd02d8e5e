/**
 * Operations, where they are, and what they are called.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/openapi/openapi.go (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';

import type { KindName } from './schemas.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'boolean' | 'integer';
}

export interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options';
  readonly id: string;
  readonly action: string;
  readonly kind: KindName;
  readonly parameters: readonly Parameter[];
  /** Names of types; `patch` is any patch. */
  readonly body?: string;
  readonly responses: Readonly<Record<string, string | undefined>>;
  readonly tag: string;
  readonly watchable: boolean;
  /** Answered as it is, and not as an object. */
  readonly text?: boolean;
}

/** Where a resource is, and what its operations are called. */
export interface Place {
  /** `/apis/apps/v1`. */
  readonly root: string;
  readonly paths: Readonly<Record<'collection' | 'item' | 'everywhere', string>>;
  readonly collectionParameters: readonly Parameter[];
  readonly itemParameters: readonly Parameter[];
  /** `CoreV1`. */
  readonly prefix: string;
  /** `Namespaced`, or nothing. */
  readonly scope: string;
  /** `core_v1`. */
  readonly tag: string;
}

export function placeOf({ group, version, namespaced, plural }: ResourceDefinition): Place {
  const root = `/${group ? 'apis' : 'api'}/${apiVersionOf({ group, version })}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const collectionParameters: Parameter[] = namespaced ? [{ name: 'namespace', in: 'path', type: 'string' }] : [];
  return {
    root,
    paths: { collection, item: `${collection}/{name}`, everywhere: `${root}/${plural}` },
    collectionParameters,
    itemParameters: [{ name: 'name', in: 'path', type: 'string' }, ...collectionParameters],
    prefix: [...groupWords(group), version].map(capitalized).join(''),
    scope: namespaced ? 'Namespaced' : '',
    tag: tagOf({ group, version }),
  };
}

/** What names of operations begin with. */
export function groupWords(group: string): readonly string[] {
  return (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/);
}

/** `core_v1`. */
export function tagOf({ group, version }: Pick<ResourceDefinition, 'group' | 'version'>): string {
  const [first, ...others] = groupWords(group);
  return `${first}${others.map(capitalized).join('')}_${version}`;
}

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
