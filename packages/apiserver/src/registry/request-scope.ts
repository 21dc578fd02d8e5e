import type { ResourceDefinition } from '@kts/api';

import type { ApiServerRequest } from '../request.ts';
import type { Registry } from './deps.ts';
import type { ResourceStorage } from './resource-storage.ts';

/** One request together with what it is about. */
export interface RequestScope {
  readonly registry: Registry;
  readonly request: ApiServerRequest;
  readonly definition: ResourceDefinition;
  readonly storage: ResourceStorage;
  readonly namespace: string;
  /** Empty for requests about a collection. */
  readonly name: string;
  readonly subresource: string;
}

/** `{group, plural}` as error messages name it. */
export type NamedResource = Pick<ResourceDefinition, 'group' | 'plural'>;

/** Warnings reach the client once each. */
export function addWarnings(scope: Pick<RequestScope, 'request'>, texts: readonly string[]): void {
  for (const text of texts) if (!scope.request.warnings.includes(text)) scope.request.warnings.push(text);
}
