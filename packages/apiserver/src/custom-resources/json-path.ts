/**
 * JSONPath as printer columns and selectable fields use it: `.spec.replicas`, `.items[0].name`,
 * `.metadata.annotations['a.b/c']`, `.status.conditions[?(@.type=="Ready")].status`, `..name`, `.items[*].x`. Pure.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/jsonpath (v1.36)
 * Differs: members of maps come in the order of the object, where upstream's order is random.
 */

/** A path that cannot be read, or does not fit the object. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

export interface JsonPath {
  /** All values that the path leads to; none where keys are missing. Throws JsonPathError. */
  find(object: unknown): readonly unknown[];
}

type Step = (values: readonly unknown[], root: unknown) => readonly unknown[];

/** Throws JsonPathError. */
export function parseJsonPath(text: string): JsonPath {
  const steps = new Parser(text).steps();
  return { find: (object) => follow(steps, [object], object) };
}

function follow(steps: readonly Step[], values: readonly unknown[], root: unknown): readonly unknown[] {
  return steps.reduce((found, step) => step(found, root), values);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): readonly Step[] {
    const steps: Step[] = [];
    if (this.#text[0] === '$' || this.#text[0] === '@') this.#at++;
    else if (this.#text[0] !== '.' && this.#text[0] !== '[') throw this.#failure();
    while (this.#at < this.#text.length) steps.push(this.#step());
    return steps;
  }

  #step(): Step {
    if (this.#text.startsWith('..', this.#at)) {
      this.#at++;
      if (this.#text[this.#at + 1] === '[') this.#at++;
      return (values) => values.flatMap(everythingBelow);
    }
    const character = this.#text[this.#at++];
    if (character === '[') return this.#bracket();
    if (character !== '.') throw this.#failure();
    return this.#text[this.#at] === '[' ? this.#step() : this.#field();
  }

  /** Up to the next dot or bracket; a backslash takes the meaning of both. */
  #field(): Step {
    const match = /^(?:[^.[\]\\]|\\.)*/s.exec(this.#text.slice(this.#at))![0];
    this.#at += match.length;
    const name = match.replaceAll(/\\(.)/gs, '$1');
    if (match === '*') return (values) => values.flatMap(childrenOf);
    return name === '' ? (values) => values : fieldStep(name);
  }

  #bracket(): Step {
    const end = this.#closing();
    const inside = this.#text.slice(this.#at, end).trim();
    this.#at = end + 1;
    if (inside.startsWith('?(') && inside.endsWith(')')) return filterStep(inside.slice(2, -1).trim());
    const parts = splitUnion(inside);
    const steps = parts.map((part) => elementStep(part.trim()));
    return steps.length === 1 ? steps[0]! : (values, root) => steps.flatMap((step) => step(values, root));
  }

  /** The bracket that closes the one just passed, over quotes and brackets inside. */
  #closing(): number {
    let depth = 1;
    let quote = '';
    for (let at = this.#at; at < this.#text.length; at++) {
      const character = this.#text[at]!;
      if (quote !== '') quote = character === quote && this.#text[at - 1] !== '\\' ? '' : quote;
      else if (character === "'" || character === '"') quote = character;
      else if (character === '[') depth++;
      else if (character === ']' && --depth === 0) return at;
    }
    throw new JsonPathError('unterminated array');
  }

  #failure(): JsonPathError {
    return new JsonPathError(`unrecognized character in ${JSON.stringify(this.#text)} at ${this.#at}`);
  }
}

const QUOTED = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")$/s;

function elementStep(text: string): Step {
  if (text === '*') return (values) => values.flatMap(childrenOf);
  const quoted = QUOTED.exec(text);
  if (quoted) return fieldStep((quoted[1] ?? quoted[2]!).replaceAll(/\\(.)/gs, '$1'));
  const range = /^(-?\d+)?(?:(:)(-?\d+)?(?::(-?\d+)?)?)?$/.exec(text);
  if (!range || text === '') throw new JsonPathError(`invalid array index ${text}`);
  const [, from, isRange, to, step] = range;
  const numbers = { from: numberOf(from), to: numberOf(to), step: numberOf(step) ?? 1 };
  return (values) => values.flatMap((value) => (isRange ? sliceOf(value, numbers) : itemOf(value, Number(from))));
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function itemOf(value: unknown, index: number): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new JsonPathError('value is not array or slice');
  const at = index < 0 ? index + value.length : index;
  if (at < 0 || at >= value.length) throw outOfBounds(index, value.length);
  return [value[at]];
}

function outOfBounds(index: number, length: number): JsonPathError {
  return new JsonPathError(`array index out of bounds: index ${index}, length ${length}`);
}

function sliceOf(
  value: unknown,
  { from, to, step }: { readonly from: number | undefined; readonly to: number | undefined; readonly step: number },
): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new JsonPathError('value is not array or slice');
  if (step <= 0) throw new JsonPathError('step must be > 0');
  const { length } = value;
  const begin = from === undefined ? 0 : from < 0 ? from + length : from;
  const end = to === undefined ? length : to < 0 ? to + length : to;
  if (begin === end) return [];
  if (begin < 0 || begin >= length) throw outOfBounds(begin, length);
  if (end < 0 || end > length) throw outOfBounds(end - 1, length);
  if (begin > end) throw new JsonPathError(`starting index ${begin} is greater than ending index ${end}`);
  return (value.slice(begin, end) as unknown[]).filter((_, index) => index % step === 0);
}

function fieldStep(name: string): Step {
  return (values) =>
    values.flatMap((value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
      return Object.hasOwn(value, name) ? [(value as Readonly<Record<string, unknown>>)[name]] : [];
    });
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function everythingBelow(value: unknown): readonly unknown[] {
  return [value, ...childrenOf(value).flatMap(everythingBelow)];
}

function splitUnion(text: string): readonly string[] {
  return text.match(/(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"])+/gs) ?? [text];
}

const FILTER =
  /^((?:[^!<>='"[\]]|\[[^\]]*\]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")+?)(?:\s*(==|!=|<=|>=|<|>|=)\s*(.+))?$/s;

/** Keeps the items for which the comparison holds, or that have what the filter names. */
function filterStep(text: string): Step {
  const match = FILTER.exec(text);
  if (!match) throw new JsonPathError(`unrecognized filter ${text}`);
  const [, left, operator, right] = match;
  const leftSide = operandOf(left!.trim());
  const rightSide = right === undefined ? undefined : operandOf(right.trim());
  return (values, root) =>
    values.flatMap((value) => {
      if (value === null || value === undefined) return [];
      if (!Array.isArray(value)) throw new JsonPathError('value is not array or slice and cannot be filtered');
      return value.filter((item: unknown) => {
        const found = leftSide(item, root);
        if (!rightSide || found.length === 0) return found.length > 0;
        const others = rightSide(item, root);
        if (others.length === 0) return false;
        if (found.length > 1 || others.length > 1) throw new JsonPathError('can only compare one element at a time');
        return compare(found[0], operator!, others[0]);
      });
    });
}

type Operand = (item: unknown, root: unknown) => readonly unknown[];

function operandOf(text: string): Operand {
  const quoted = QUOTED.exec(text);
  if (quoted) {
    const value = (quoted[1] ?? quoted[2]!).replaceAll(/\\(.)/gs, '$1');
    return () => [value];
  }
  if (/^[-+]?\d+(?:\.\d+)?$/.test(text)) return () => [Number(text)];
  if (text === 'true' || text === 'false') return () => [text === 'true'];
  const path = parseJsonPath(text);
  return (item, root) => path.find(text.startsWith('$') ? root : item);
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (typeof left !== typeof right || typeof left === 'object') {
    throw new JsonPathError('incompatible types for comparison');
  }
  const [a, b] = [left as string | number, right as string | number];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`);
  }
}
