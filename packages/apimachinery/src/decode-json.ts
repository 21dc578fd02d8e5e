import { goQuote } from './go-text.ts';
import { explainDecoding, isDecodedPath } from './decode-errors.ts';
import { decodeObject, type DecodeResult } from './decode-object.ts';
import { NumberLiteral } from './decode-scalar.ts';
import { jsonPathText, parseMerging, scanJson } from './json-scan.ts';
import type { ObjectSchema } from './schema.ts';
import { countKeys, countMembers, hasUnusualElements, jsonText, parseJson } from './strict-json.ts';

/** A decoded object and everything a strict decoder complains of. */
export interface DecodedJson extends DecodeResult {
  /** `unknown field "spec.foo"`, `duplicate field "metadata.name"`, in the order of the text. Empty unless strict. */
  readonly strictErrors: readonly string[];
}

/**
 * Reads JSON text into an object of the API: the path of every write request. One pass of `JSON.parse`, one of
 * `decodeObject`; anything unusual is looked at again by slower means. Throws JsonSyntaxError.
 *
 * Mirrors: sigs.k8s.io/json, UnmarshalStrict and UnmarshalCaseSensitivePreserveInts (v1.36)
 */
export function decodeJson(
  schema: ObjectSchema,
  input: Uint8Array | string,
  options: { readonly strict?: boolean } = {},
): DecodedJson {
  const text = jsonText(input);
  const parsed = parseJson(text);
  const { keys, unusualNumbers } = countKeys(text);
  const repeats = keys !== countMembers(parsed);
  const value = repeats ? parseMerging(text) : parsed;
  const result = decodeObject(schema, value, { owned: true });
  if (result.error !== undefined || unusualNumbers || (result.integerLists && hasUnusualElements(text))) {
    const { error } = explainDecoding(schema, parseWithLiterals(text));
    if (error !== undefined) return { ...result, error, strictErrors: [] };
  }
  const clean = !options.strict || (!repeats && result.unknown.length === 0);
  return { ...result, strictErrors: clean ? [] : findStrictErrors(schema, text, result.unknown) };
}

/** Unknown and duplicate fields as they come in the text; each message once. */
function findStrictErrors(schema: ObjectSchema, text: string, unknown: readonly string[]): readonly string[] {
  const errors = new Set<string>();
  const unknownPaths = new Set(unknown);
  scanJson(text, (path, again) => {
    const name = jsonPathText(path);
    if (again && isDecodedPath(schema, path)) errors.add(`duplicate field ${goQuote(name)}`);
    else if (unknownPaths.has(name)) errors.add(`unknown field ${goQuote(name)}`);
  });
  return [...errors];
}

/** Numbers that are not written as plain integers become NumberLiterals, so that messages can show them. */
function parseWithLiterals(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source !== undefined && !/^-?[0-9]{1,15}$/.test(source)
      ? new NumberLiteral(source)
      : value;
  });
}
