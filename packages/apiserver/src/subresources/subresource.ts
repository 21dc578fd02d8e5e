import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerResponse } from '../response.ts';

/** Answers one subresource, or one resource that is not stored, for all its verbs. */
export type SubresourceHandler = (scope: RequestScope) => Promise<ApiServerResponse>;
