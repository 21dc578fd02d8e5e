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

const YAML_PROBLEMS = /^(?:error converting YAML to JSON: )?yaml: unmarshal errors:\n/;

/** Warns of what a strict reader finds; a reader of YAML tells it in several lines. */
export function addStrictWarnings(scope: Pick<RequestScope, 'request'>, problems: readonly string[]): void {
  for (const problem of problems) {
    const text = problem.replace(YAML_PROBLEMS, '');
    addWarnings(scope, text === problem ? [text] : text.split('\n').map((line) => line.trim()));
  }
}

/** Warnings reach the client once each. */
export function addWarnings(scope: Pick<RequestScope, 'request'>, texts: readonly string[]): void {
  for (const text of texts) if (!scope.request.warnings.includes(text)) scope.request.warnings.push(text);
}
