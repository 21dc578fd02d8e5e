import { goTypeName, PatchError } from './json-patch.ts';
import type { JsonObject, JsonValue } from './scalars.ts';

/**
 * JSON merge patch (RFC 7386).
 *
 * Mirrors: gopkg.in/evanphx/json-patch.v4, merge.go (v1.36)
 */

/**
 * The document after the patch; neither is touched, and the result may share parts of both. `strict` insists on an
 * object, as the API server does unless field validation is switched off. `opened` takes the containers that were made
 * anew (see `inWrittenOrder`). Throws PatchError (`malformed`).
 */
export function applyMergePatch(
  document: JsonValue,
  patch: JsonValue,
  strict = true,
  opened = new Set<object>(),
): JsonValue {
  if (!isObject(patch)) {
    if (strict && patch !== null) {
      throw new PatchError(
        'malformed',
        `error decoding patch: json: cannot unmarshal ${goTypeName(patch)} into Go value of type map[string]interface {}`,
      );
    }
    if (!Array.isArray(patch)) throw new PatchError('malformed', 'Invalid JSON Patch');
    return withoutNulls(patch as JsonValue, opened);
  }
  return isObject(document) ? mergeObjects(document, patch, opened) : withoutNulls(patch, opened);
}

function mergeObjects(document: JsonObject, patch: JsonObject, opened: Set<object>): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(document));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergeValue(merged.get(key), value, opened));
  }
  const result = Object.fromEntries(merged);
  opened.add(result);
  return result;
}

/** A list that replaces an object keeps its nulls, as in the library. */
function mergeValue(current: JsonValue | undefined, patch: JsonValue, opened: Set<object>): JsonValue {
  if (!isObject(current)) return withoutNulls(patch, opened);
  return isObject(patch) ? mergeObjects(current, patch, opened) : patch;
}

/** Drops members that are null, at any depth. Elements of lists stay. */
function withoutNulls(value: JsonValue, opened: Set<object>): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => withoutNulls(item, opened));
  if (!isObject(value)) return value;
  const result = Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member, opened)]),
  );
  opened.add(result);
  return result;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
