import type { CelValue } from '@kts/cel';

import type { Authorizer } from '../../../authorization/authorizer.ts';
import type { UserInfo } from '../../../request.ts';
import type { AdmittedSubject } from '../../decode-admitted.ts';

/** The variable `authorizer`: what the user who makes the request may do. */
export function authorizerValue(_authorizer: Authorizer, _user: UserInfo): CelValue {
  return null;
}

/** The variable `authorizer.requestResource`: the same about what the request is for. */
export function requestResourceValue(_authorizer: Authorizer, _subject: AdmittedSubject): CelValue {
  return null;
}
