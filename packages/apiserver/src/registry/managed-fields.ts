import type { KubeObject } from '@kts/apimachinery';

import type { ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';

export function trackUpdate(
  _scope: RequestScope,
  _old: KubeObject | undefined,
  _draft: ObjectDraft,
  _manager: string,
): void {}

export function forgetTimestampOnlyChanges(_draft: ObjectDraft, _old: KubeObject): void {}
