import { RE2JS } from 're2js';

import { CelError } from './value.ts';

const CACHE_SIZE_MAX = 256;
const cache = new Map<string, RE2JS | CelError>();

/** A regular expression in RE2's syntax, which is matched in linear time. Compiled ones are kept. */
export function compilePattern(pattern: string): RE2JS | CelError {
  const known = cache.get(pattern);
  if (known) return known;
  if (cache.size >= CACHE_SIZE_MAX) cache.delete(cache.keys().next().value!);
  const compiled = compile(pattern);
  cache.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): RE2JS | CelError {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return new CelError((error as Error).message);
  }
}
