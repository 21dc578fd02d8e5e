import { badRequest, type JsonValue, type KubeObject } from '@kts/apimachinery';

import type { BodyType } from './decode-body.ts';
import type { ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';
import type { WriteOptions } from './write-options.ts';

export function trackUpdate(
  _scope: RequestScope,
  _old: KubeObject | undefined,
  _draft: ObjectDraft,
  _manager: string,
  _type?: BodyType,
): void {}

export function appliedDraft(
  _scope: RequestScope,
  _old: KubeObject | undefined,
  _applied: JsonValue,
  _options: WriteOptions,
  _type: BodyType,
): ObjectDraft {
  throw badRequest('apply');
}

export function forgetTimestampOnlyChanges(_draft: ObjectDraft, _old: KubeObject): void {}

export function scaleToParent(_old: KubeObject, _scale: ObjectDraft, _parent: ObjectDraft): void {}
