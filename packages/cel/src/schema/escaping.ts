import { RESERVED_WORDS } from '../syntax/reserved-words.ts';

/**
 * Property names as identifiers and back: `a-b` is `a__dash__b`.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/escaping.go (v1.36)
 */
const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

const UNESCAPES: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** Undefined: expressions cannot name it. */
export function escapeName(name: string): string | undefined {
  if (RESERVED_WORDS.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return undefined;
  return name.replace(/__|[-./]/g, (match) => ESCAPES[match]!);
}

/** Undefined: not an escaped name. */
export function unescapeName(escaped: string): string | undefined {
  let valid = true;
  const name = escaped.replace(/__[^_]+__/g, (match) => {
    const word = match.slice(2, -2);
    const plain = UNESCAPES[word];
    if (plain !== undefined) return plain;
    if (!RESERVED_WORDS.has(word) || match.length !== escaped.length) valid = false;
    return word;
  });
  return valid ? name : undefined;
}
