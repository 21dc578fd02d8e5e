import { SelectorError } from './label-selector.ts';

/**
 * Field selectors: `metadata.name=web,status.phase!=Running`.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/fields/selector.go (v1.36)
 */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export interface FieldSelector {
  /** All must hold. */
  readonly requirements: readonly FieldRequirement[];
  readonly everything: boolean;
  /** A field that is not there counts as the empty string. */
  matches(fields: Readonly<Record<string, string>>): boolean;
  /** The value that the field must have, if the selector demands one. */
  exactValue(field: string): string | undefined;
  toString(): string;
}

/** Throws SelectorError. Which fields exist is the caller's business. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!parts) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = parts;
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescape(value) });
  }
  return fieldSelectorOf(requirements);
}

export function fieldSelectorOf(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    everything: requirements.length === 0,
    matches: (fields) =>
      requirements.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '=')),
    exactValue: (name) => requirements.find(({ field, operator }) => field === name && operator === '=')?.value,
    toString: () =>
      requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(','),
  };
}

/** Escapes a value so that it can stand in a field selector. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`);
}

/** Splits at commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let position = 0; position < text.length; position++) {
    if (text[position] === '\\') position++;
    else if (text[position] === ',') {
      terms.push(text.slice(start, position));
      start = position + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescape(value: string): string {
  let result = '';
  for (let position = 0; position < value.length; position++) {
    const character = value[position]!;
    if (character === '\\') {
      const next = String.fromCodePoint(...[value.codePointAt(++position)].filter((point) => point !== undefined));
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${next}`);
      }
      result += next;
    } else if (character === ',' || character === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    } else {
      result += character;
    }
  }
  return result;
}
