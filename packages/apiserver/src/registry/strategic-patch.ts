import { applyMergePatch, type JsonValue, type ObjectSchema } from '@kts/apimachinery';

export function strategicPatch(_schema: ObjectSchema, document: JsonValue, patch: JsonValue): JsonValue {
  return applyMergePatch(document, patch);
}
