import { createRequire } from 'node:module';

import type { RE2JS } from 're2js';

import { CelError } from './value.ts';

/** Patterns that are kept compiled. */
const CACHE_SIZE_MAX = 256;
const cache = new Map<string, RE2JS | CelError>();

/** A regular expression in RE2's syntax, which is matched in linear time. */
export function compilePattern(pattern: string): RE2JS | CelError {
  const known = cache.get(pattern);
  if (known) return known;
  if (cache.size >= CACHE_SIZE_MAX) cache.delete(cache.keys().next().value!);
  const compiled = compile(pattern);
  cache.set(pattern, compiled);
  return compiled;
}

/** The engine has large tables: it is loaded with the first pattern. Evaluation is synchronous, so loading must be too. */
let engine: typeof RE2JS | undefined;

function compile(pattern: string): RE2JS | CelError {
  engine ??= (createRequire(import.meta.url)('re2js') as { readonly RE2JS: typeof RE2JS }).RE2JS;
  try {
    return engine.compile(pattern);
  } catch (error) {
    return new CelError((error as Error).message);
  }
}
