/**
 * Paths such as `.spec.replicas` or `.spec['a b']` that have to lead to a place that the schema describes.
 *
 * Mirrors: ValidFieldPath in staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (v1.36)
 */
import { FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isEmpty } from './structural-rules.ts';

export type FieldPathResult =
  | { readonly ok: true; readonly path: FieldPath; readonly names: readonly string[]; readonly schema: JSONSchemaProps }
  | { readonly ok: false; readonly problem: string };

/** `brackets`: whether `['name']` may be used. */
export function resolveFieldPath(text: string, schema: JSONSchemaProps, brackets = true): FieldPathResult {
  const tokens = tokensOf(text);
  let at = 0;
  const place = { path: FieldPath.root, names: [] as string[], schema };
  while (at < tokens.length) {
    const token = tokens[at++]!;
    if (token !== '[' && token !== '.') return failed(`expected [ or . but got: ${token}`);
    if (token === '[' && !brackets) return failed('array notation is not allowed');
    let name = tokens[at++];
    if (name === undefined) return failed('unexpected end of JSON path');
    if (token === '[') {
      if (name.length < 2 || !name.startsWith("'") || !name.endsWith("'")) {
        return failed(`expected single quoted string but got ${name}`);
      }
      const bad = /\\[^'\\]/.exec(name);
      if (bad) return failed(`invalid string literal: invalid escape char ${bad[0]}`);
      name = name.slice(1, -1).replaceAll(/\\(['\\])/g, '$1');
    }
    if (!step(place, name)) return failed('does not refer to a valid field');
    if (token === '.') continue;
    const closing = tokens[at++];
    if (closing === undefined) return failed('unexpected end of JSON path');
    if (closing !== ']') return failed(`expected ] but got ${closing}`);
  }
  return { ok: true, ...place };
}

function failed(problem: string): FieldPathResult {
  return { ok: false, problem };
}

function step(place: { path: FieldPath; names: string[]; schema: JSONSchemaProps }, name: string): boolean {
  const { properties, additionalProperties } = place.schema;
  let next: JSONSchemaProps | undefined;
  if (!isEmpty(properties)) {
    next = Object.hasOwn(properties!, name) ? properties![name] : undefined;
    place.path = place.path.child(name);
  } else if (typeof additionalProperties === 'object') {
    next = additionalProperties;
    place.path = place.path.key(name);
  }
  if (!next) return false;
  place.names.push(name);
  place.schema = next;
  return true;
}

/** Dots and brackets are tokens of their own, but not inside of quotes. */
function tokensOf(text: string): readonly string[] {
  return text.match(/'(?:[^'\\]|\\.)*'?|[.[\]]|[^.[\]]+/gs) ?? [];
}
