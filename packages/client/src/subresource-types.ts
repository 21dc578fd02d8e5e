import type { NamespacedObjectMeta, ResourceType } from '@kts/apimachinery';

/** Shapes of the subresources that the client has methods for; the client stays free of the API's kinds. */

export interface Scale {
  readonly metadata: NamespacedObjectMeta;
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas: number; readonly selector?: string };
}

export interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
  };
}

export interface TokenRequest {
  readonly spec: TokenRequestSpec;
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

const PODS = { group: '', version: 'v1', plural: 'pods', namespaced: true } as const;

export const BINDINGS: ResourceType = { ...PODS, kind: 'Binding' };
export const EVICTIONS: ResourceType = { ...PODS, kind: 'Eviction' };
export const TOKEN_REQUESTS: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  namespaced: true,
  kind: 'TokenRequest',
};
