import type { Library } from '../check/function-declaration.ts';
import { compilePattern } from '../evaluate/pattern.ts';
import { CelError, NO_SUCH_OVERLOAD, type CelValue } from '../evaluate/value.ts';

/**
 * The functions on strings that every CEL has.
 *
 * Mirrors: github.com/google/cel-go/common/stdlib/standard.go, common/types/string.go
 */
export const textLibrary: Library = {
  contains: searching('contains_string', (text, part) => text.includes(part)),
  endsWith: searching('ends_with_string', (text, part) => text.endsWith(part)),
  startsWith: searching('starts_with_string', (text, part) => text.startsWith(part)),
  matches: {
    overloads: { matches: ['(string, string) bool'], matches_string: ['string.(string) bool'] },
    call: matches,
    accepts: (value) => typeof value === 'string',
  },
};

function searching(id: string, holds: (text: string, part: string) => boolean): Library[string] {
  return {
    overloads: {
      [id]: [
        'string.(string) bool',
        (text: CelValue, part: CelValue) =>
          typeof text === 'string' && typeof part === 'string' ? holds(text, part) : NO_SUCH_OVERLOAD,
      ],
    },
    unguarded: true,
  };
}

function matches(text: CelValue, pattern: CelValue): CelValue {
  if (typeof text !== 'string' || typeof pattern !== 'string') return NO_SUCH_OVERLOAD;
  const compiled = compilePattern(pattern);
  return compiled instanceof CelError ? compiled : compiled.test(text);
}
