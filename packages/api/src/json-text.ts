/**
 * JSON inside of strings and bytes of the API, with the complaints of Go's decoder.
 *
 * Mirrors: encoding/json of Go
 */
import { JsonSyntaxError, parseJson, type JsonValue } from '@kts/apimachinery';

export type DecodedJsonText = { readonly value: JsonValue } | { readonly problem: string };

/** A list or an object; `null` is as good as either. `goType` is what Go would decode it into. */
export function decodeJsonText(text: Uint8Array | string, kind: 'array' | 'object', goType: string): DecodedJsonText {
  try {
    const value = parseJson(text);
    const found = kindOf(value);
    if (value === null || found === kind) return { value };
    return { problem: `json: cannot unmarshal ${found} into Go value of type ${goType}` };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { problem: error.message };
  }
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** What is wrong with it, if anything. */
export function jsonProblem(text: Uint8Array | string, kind: 'array' | 'object', goType: string): string | undefined {
  const decoded = decodeJsonText(text, kind, goType);
  return 'problem' in decoded ? decoded.problem : undefined;
}
