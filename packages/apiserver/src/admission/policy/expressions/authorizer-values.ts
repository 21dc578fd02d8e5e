import {
  authorizerValue,
  requestResourceValue,
  type AuthorizerOptions,
  type CelValue,
  type CheckAttributes,
} from '@kts/cel';

import {
  resourceAttributes,
  type AuthorizationAttributes,
  type Authorizer,
} from '../../../authorization/authorizer.ts';
import type { UserInfo } from '../../../request.ts';
import type { AdmittedSubject } from '../../decode-admitted.ts';

/** The variable `authorizer`: what the user who makes the request may do. */
export function userAuthorizer(authorizer: Authorizer, user: UserInfo): CelValue {
  return authorizerValue(optionsFor(authorizer, user));
}

/** The variable `authorizer.requestResource`: the same about what the request is for. */
export function requestAuthorizer(authorizer: Authorizer, { attributes }: AdmittedSubject): CelValue {
  const { definition, subresource, namespace, name, request } = attributes;
  const { group, plural: resource } = definition;
  return requestResourceValue(optionsFor(authorizer, request.user), { group, resource, subresource, namespace, name });
}

function optionsFor(authorizer: Authorizer, user: UserInfo): AuthorizerOptions {
  return {
    user,
    authorize: (asked) => {
      const { name, groups = [], uid, extra } = asked.user;
      const who: UserInfo = { name, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
      const { decision, reason, error } = authorizer.authorize(who, attributesOf(asked));
      return { allowed: decision === 'allow', reason, ...(error === undefined ? {} : { error }) };
    },
  };
}

function attributesOf({ verb, path, resource }: CheckAttributes): AuthorizationAttributes {
  if (resource) return resourceAttributes({ verb, ...resource });
  return { ...resourceAttributes({ verb, resource: '' }), isResourceRequest: false, path: path ?? '' };
}
