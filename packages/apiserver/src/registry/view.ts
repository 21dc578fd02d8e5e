/**
 * The form in which a client wants objects: as they are, as a table, or their metadata only.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go (v1.36)
 */
import { badRequest, failure, FieldPath, invalid } from '@kts/apimachinery';

import { MEDIA_TYPES, negotiate, type AcceptedKind } from '../http/negotiation.ts';
import type { ApiServerRequest } from '../request.ts';

export type View =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly version: string; readonly includeObject: IncludeObject }
  | { readonly kind: 'metadata' | 'metadataList'; readonly version: string };

export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Reads the `Accept` header. Throws NotAcceptable if every form that the client would take is unknown. */
export function requestedView(request: ApiServerRequest): View {
  const accept = request.headers['accept'];
  if (!accept?.includes('as=')) return { kind: 'object' };
  const accepted = negotiate(accept, isViewKind, request.info.verb === 'watch');
  if (!accepted) {
    throw failure('NotAcceptable', `only the following media types are accepted: ${MEDIA_TYPES.join(', ')}`);
  }
  return accepted.as ? viewOf(accepted.as, request.query) : { kind: 'object' };
}

const VIEW_KINDS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

function isViewKind({ kind, group, version }: AcceptedKind): boolean {
  return VIEW_KINDS.has(kind) && group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
}

function viewOf({ kind, version }: AcceptedKind, query: URLSearchParams): View {
  if (kind === 'Table') return { kind: 'table', version, includeObject: includeObjectOf(query) };
  return { kind: kind === 'PartialObjectMetadata' ? 'metadata' : 'metadataList', version };
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  const error = invalid(FieldPath.of('includeObject'), value, "must be 'Metadata', 'Object', 'None', or empty");
  throw badRequest(`Unable to convert to Table as requested: ${error.field}: ${error.message}`);
}

/** Clients ask for a list's form where the answer is one object, or the other way round. */
export function checkViewFits(view: View, answersList: boolean, internalKind: string): void {
  if (view.kind === 'metadata' && answersList) {
    throw failure(
      'NotAcceptable',
      `you requested PartialObjectMetadata, but the requested object is a list (*${internalKind}List)`,
    );
  }
  if (view.kind === 'metadataList' && !answersList) {
    throw failure(
      'NotAcceptable',
      `you requested PartialObjectMetadataList, but the requested object is not a list (*${internalKind})`,
    );
  }
}
