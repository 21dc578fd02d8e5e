import type { Library } from '../check/function-declaration.ts';
import { ValueList } from '../evaluate/collections.ts';
import { compilePattern } from '../evaluate/pattern.ts';
import { CelError, type CelValue } from '../evaluate/value.ts';

/**
 * Parts of a text that a pattern matches.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/regex.go (v1.36)
 */
export const regexLibrary: Library = {
  find: { overloads: { string_find_string: ['string.(string) string', find] } },
  findAll: {
    overloads: {
      string_find_all_string: [
        'string.(string) list(string)',
        (text: string, pattern: string) => findAll(text, pattern, -1n),
      ],
      string_find_all_string_int: ['string.(string, int) list(string)', findAll],
    },
  },
};

function find(text: string, pattern: string): CelValue {
  const found = matches(text, pattern, 1);
  return found instanceof CelError ? found : (found[0] ?? '');
}

function findAll(text: string, pattern: string, count: bigint): CelValue {
  const found = matches(text, pattern, count < 0n ? Infinity : Number(count));
  return found instanceof CelError ? found : new ValueList(found);
}

function matches(text: string, pattern: string, count: number): string[] | CelError {
  const compiled = compilePattern(pattern);
  if (compiled instanceof CelError) return new CelError(`Illegal regex: ${compiled.message}`);
  const found: string[] = [];
  const matcher = compiled.matcher(text);
  let end = -1;
  while (found.length < count && matcher.find()) {
    // An empty match right after another match does not count, as in Go.
    const isEmpty = matcher.start() === matcher.end();
    if (!isEmpty || matcher.start() !== end) found.push(matcher.group() ?? '');
    end = matcher.end();
  }
  return found;
}
