import type { ResourceDefinition } from '@kts/api';

import type { TokenIssuer } from '../authentication/token-issuer.ts';
import type { Review } from '../authorization/access-reviews.ts';
import type { SpecialHandlers } from '../registry/handler.ts';
import { bindPod } from './binding.ts';
import { admittingConnections } from './connect-admission.ts';
import { componentStatusHandler } from './component-status.ts';
import { evictPod } from './eviction.ts';
import type { BackendConnector } from './backend.ts';
import { kubeletHandlers } from './kubelet-proxy.ts';
import { reviewHandler } from './review.ts';
import { scaleResource } from './scale.ts';
import type { SubresourceHandler } from './subresource.ts';
import { tokenHandler } from './token.ts';

export interface SpecialHandlersParts {
  readonly tokenIssuer: TokenIssuer;
  readonly reviews: Readonly<Record<string, Review>>;
  readonly backend?: BackendConnector;
}

const customScale: SubresourceHandler = async (scope) => {
  const { customScale: serve } = await import('../custom-resources/custom-scale.ts');
  return serve(scope);
};

/** Resources that are not stored, and subresources with a behaviour of their own. */
export function specialHandlers(parts: SpecialHandlersParts): SpecialHandlers {
  const reviews = Object.entries(parts.reviews).map(([kind, review]) => [kind, reviewHandler(review)] as const);
  const byKind = new Map<string, SubresourceHandler>([
    ...reviews,
    ['Binding', bindPod],
    ['ComponentStatus', componentStatusHandler],
  ]);
  const byPath = new Map<string, SubresourceHandler>([
    ['pods/binding', bindPod],
    ['pods/eviction', evictPod],
    ['serviceaccounts/token', tokenHandler(parts.tokenIssuer)],
    ['deployments/scale', (scope) => scaleResource(scope)],
    ['replicasets/scale', (scope) => scaleResource(scope)],
    ['statefulsets/scale', (scope) => scaleResource(scope)],
    ['replicationcontrollers/scale', (scope) => scaleResource(scope)],
    ...kubeletHandlers(parts.backend).map(([path, handler]): [string, SubresourceHandler] => [
      path,
      path === 'pods/log' ? handler : admittingConnections(handler),
    ]),
  ]);
  return {
    find: (definition: ResourceDefinition, subresource: string) => {
      if (definition.schema.name === '') {
        return subresource === 'scale' ? customScale : undefined;
      }
      return subresource === '' ? byKind.get(definition.kind) : byPath.get(`${definition.plural}/${subresource}`);
    },
  };
}
