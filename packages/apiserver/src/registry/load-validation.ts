import type { ResourceDefinition } from '@kts/api';

import { asObject, type ObjectDraft } from './object-draft.ts';

/** What there is to wait for before the object can be validated; undefined: nothing. */
export function loadValidation({ behaviour }: ResourceDefinition, draft: ObjectDraft): Promise<void> | undefined {
  return behaviour.load?.(asObject(draft));
}
