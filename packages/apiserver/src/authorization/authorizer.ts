/**
 * The question every request asks before it is served, and its answer.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authorization/authorizer/interfaces.go (v1.36)
 */
import { forbiddenRequest, goQuote, type StatusError } from '@kts/apimachinery';

import type { RequestInfo, UserInfo } from '../request.ts';

/** What somebody wants to do. A `RequestInfo` is one. */
export type AuthorizationAttributes = Omit<RequestInfo, 'apiPrefix' | 'parts'>;

export interface AuthorizationResult {
  /** `no-opinion`: the next authorizer is asked; if none allows it, it is forbidden. */
  readonly decision: 'allow' | 'deny' | 'no-opinion';
  readonly reason: string;
  /** What kept an authorizer from looking at everything, such as a binding to a role that is not there. */
  readonly error?: string;
}

/** Synchronous: authorizers decide from what they have cached. */
export interface Authorizer {
  authorize(user: UserInfo, attributes: AuthorizationAttributes): AuthorizationResult;
}

export const NO_OPINION: AuthorizationResult = { decision: 'no-opinion', reason: '' };

/** Asks one after another until one allows or denies; reasons and errors of the others are kept for the message. */
export function firstOpinion(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(user, attributes) {
      let reasons = '';
      let errors = '';
      for (const authorizer of authorizers) {
        const result = authorizer.authorize(user, attributes);
        if (result.decision !== 'no-opinion') return result;
        if (result.reason) reasons += (reasons && '\n') + result.reason;
        if (result.error) errors += (errors && ', ') + result.error;
      }
      if (!reasons && !errors) return NO_OPINION;
      return { decision: 'no-opinion', reason: reasons, ...(errors ? { error: errors } : {}) };
    },
  };
}

/** Attributes of a question about a resource, from the parts that matter. */
export function resourceAttributes(
  parts: Partial<AuthorizationAttributes> & Pick<AuthorizationAttributes, 'verb' | 'resource'>,
): AuthorizationAttributes {
  return {
    isResourceRequest: true,
    path: '',
    group: '',
    version: '',
    namespace: '',
    subresource: '',
    name: '',
    ...parts,
  };
}

/** The 403 of a refused request. */
export function forbiddenError(user: UserInfo, attributes: AuthorizationAttributes, reason: string): StatusError {
  const message = forbiddenMessage(user, attributes);
  return forbiddenRequest(
    { group: attributes.group, plural: attributes.resource },
    attributes.name,
    reason ? `${message}: ${reason}` : message,
  );
}

/** Names come from the request: markup in them is made harmless, as a browser may show the message. */
function forbiddenMessage(user: UserInfo, attributes: AuthorizationAttributes): string {
  return describe(user, attributes).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function describe(user: UserInfo, attributes: AuthorizationAttributes): string {
  const who = `User ${goQuote(user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResourceRequest) return `${who} path ${goQuote(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = goQuote(subresource ? `${resource}/${subresource}` : resource);
  const where = namespace ? `in the namespace ${goQuote(namespace)}` : 'at the cluster scope';
  return `${who} resource ${what} in API group ${goQuote(group)} ${where}`;
}
