import { FieldPath, invalid, notSupported, type FieldError } from './field-error.ts';
import type { LabelSelector } from './gen/meta-v1.gen.ts';
import { isLabelKey, isLabelValue } from './name-validation.ts';

/**
 * Label selectors in both forms: the text of query parameters and the object of specs.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/labels/selector.go and pkg/apis/meta/v1/helpers.go (v1.36)
 */
export type Labels = Readonly<Record<string, string>>;

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted and without duplicates when parsed from text. */
  readonly values: readonly string[];
}

export interface LabelMatcher {
  /** All must hold; sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  /** Selects every object. */
  readonly everything: boolean;
  matches(labels: Labels | undefined): boolean;
  /** The selector as text that `parseLabelSelector` understands. */
  toString(): string;
}

/** A selector that cannot be understood. The message is upstream's. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** Matches every object: the empty selector. */
export const everyLabel: LabelMatcher = matcherOf([]);

/** Matches nothing: what a missing LabelSelector object means. */
export const noLabel: LabelMatcher = {
  requirements: [],
  everything: false,
  matches: () => false,
  toString: () => '',
};

/** Parses `app=web,tier in (a,b),!legacy`. Throws SelectorError. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text === '') return everyLabel;
  return matcherOf(new Parser(scan(text)).parse());
}

/** `undefined` matches nothing, an empty selector matches everything. Throws SelectorError. */
export function labelSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined) return noLabel;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(checkedRequirement(key, '=', [value]));
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = OBJECT_OPERATORS[expression.operator];
    if (operator === undefined) {
      throw new SelectorError(`${JSON.stringify(expression.operator)} is not a valid label selector operator`);
    }
    requirements.push(checkedRequirement(expression.key, operator, expression.values ?? []));
  }
  return requirements.length === 0 ? everyLabel : matcherOf(requirements);
}

/** Matches objects that have all of these labels; the set is not validated. Nothing in the set matches everything. */
export function labelSetMatcher(labels: Labels | undefined): LabelMatcher {
  return matcherOf(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** The object form as text, such as `app=web,tier in (a,b)`; `<none>` for an empty one, `<error>` for a bad one. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  try {
    return labelSelectorMatcher(selector).toString() || '<none>';
  } catch {
    return '<error>';
  }
}

/** The text form as an object. Throws SelectorError. */
export function labelSelectorOf(text: string): LabelSelector {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: { key: string; operator: string; values?: readonly string[] }[] = [];
  let requirements: readonly LabelRequirement[];
  try {
    requirements = parseLabelSelector(text).requirements;
  } catch (error) {
    throw new SelectorError(`couldn't parse the selector string "${text}": ${(error as Error).message}`);
  }
  for (const { key, operator, values } of requirements) {
    if (operator === '=' || operator === '==') matchLabels[key] = values[0]!;
    else if (operator === 'in') matchExpressions.push({ key, operator: 'In', values });
    else if (operator === 'notin' || operator === '!=') matchExpressions.push({ key, operator: 'NotIn', values });
    else if (operator === 'exists') matchExpressions.push({ key, operator: 'Exists' });
    else if (operator === '!') matchExpressions.push({ key, operator: 'DoesNotExist' });
    else throw new SelectorError(`"${operator}" isn't supported in label selectors`);
  }
  return { matchLabels, matchExpressions };
}

export function requirementMatches(requirement: LabelRequirement, labels: Labels): boolean {
  const { key, operator, values } = requirement;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt':
      return value !== undefined && comparesTo(value, values[0] ?? '', operator);
  }
}

const OBJECT_OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** In the order upstream lists them in its message. */
const ALL_OPERATORS: readonly LabelOperator[] = ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!'];
/** By the token that stands for it, in the order of upstream's message. */
const BINARY_OPERATORS = new Map<TokenKind, LabelOperator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

/**
 * A requirement whose key, operator and values fit together. `path` is where the selector stands in an object.
 * Throws SelectorError.
 */
export function checkedRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const errors = requirementErrors(key, operator, values);
  if (errors.length > 0) throw new SelectorError(aggregateText(errors));
  return { key, operator, values };
}

function requirementErrors(key: string, operator: LabelOperator, values: readonly string[]): FieldError[] {
  const errors = labelKeyErrors(key, FieldPath.of('key'));
  const path = FieldPath.of('values');
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) errors.push(invalid(path, [], "for 'in', 'notin' operators, values set can't be empty"));
      break;
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) {
        errors.push(invalid(path, values, 'exact-match compatibility requires one single value'));
      }
      break;
    case 'exists':
    case '!':
      if (values.length > 0) {
        errors.push(invalid(path, values, 'values set must be empty for exists and does not exist'));
      }
      break;
    case 'gt':
    case 'lt':
      if (values.length !== 1) {
        errors.push(invalid(path, values, "for 'Gt', 'Lt' operators, exactly one value is required"));
      }
      for (const [index, value] of values.entries()) {
        if (parseInt64(value) === undefined) {
          errors.push(invalid(path.index(index), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
        }
      }
      break;
    default:
      errors.push(notSupported(FieldPath.of('operator'), operator, ALL_OPERATORS));
  }
  for (const [index, value] of values.entries()) {
    const problems = isLabelValue(value);
    if (problems.length > 0) errors.push(invalid(path.index(index).key(key), value, problems.join('; ')));
  }
  return errors;
}

function labelKeyErrors(key: string, path: FieldPath): FieldError[] {
  const problems = isLabelKey(key);
  return problems.length > 0 ? [invalid(path, key, problems.join('; '))] : [];
}

function aggregateText(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function matcherOf(requirements: readonly LabelRequirement[]): LabelMatcher {
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    requirements: sorted,
    everything: sorted.length === 0,
    matches(labels = {}) {
      for (const requirement of sorted) if (!requirementMatches(requirement, labels)) return false;
      return true;
    },
    toString: () => sorted.map(requirementText).join(','),
  };
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  const sorted = values.toSorted();
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${sorted.join(',')})`;
    case 'gt':
      return `${key}>${sorted.join(',')}`;
    case 'lt':
      return `${key}<${sorted.join(',')}`;
    case '=':
    case '==':
    case '!=':
      return `${key}${operator}${sorted.join(',')}`;
  }
}

function comparesTo(actual: string, bound: string, operator: 'gt' | 'lt'): boolean {
  const left = parseInt64(actual);
  const right = parseInt64(bound);
  if (left === undefined || right === undefined) return false;
  return operator === 'gt' ? left > right : left < right;
}

function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

type TokenKind = '=' | '==' | '!=' | '!' | '(' | ')' | ',' | '<' | '>' | 'in' | 'notin' | 'identifier' | 'end';

interface Token {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
}

const SYMBOLS: ReadonlySet<string> = new Set(['=', '==', '!=', '!', '(', ')', ',', '<', '>']);

function scan(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text[position]!;
    if (/[ \t\r\n]/.test(character)) {
      position++;
    } else if ('=!(),<>'.includes(character)) {
      const two = text.slice(position, position + 2);
      const symbol = SYMBOLS.has(two) ? two : character;
      tokens.push({ kind: symbol as TokenKind, text: symbol });
      position += symbol.length;
    } else {
      const word = /^[^=!(),<> \t\r\n]+/.exec(text.slice(position))![0];
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
      position += word.length;
    }
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

/** Recursive descent over the tokens. `in` and `notin` are ordinary identifiers except where an operator is due. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') return requirements;
      if (token.kind !== 'identifier' && token.kind !== '!') {
        throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === 'end') return requirements;
      if (next.kind !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.kind !== 'identifier' && after.kind !== '!') {
        throw new SelectorError(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): LabelRequirement {
    try {
      const { key, operator } = this.#keyAndOperator();
      if (operator === 'exists' || operator === '!') return checkedRequirement(key, operator, []);
      const values = operator === 'in' || operator === 'notin' ? this.#valueSet() : [this.#exactValue()];
      return checkedRequirement(key, operator, values);
    } catch (error) {
      throw new SelectorError(`unable to parse requirement: ${(error as Error).message}`);
    }
  }

  #keyAndOperator(): { key: string; operator: LabelOperator } {
    let token = this.#take();
    const negated = token.kind === '!';
    if (negated) token = this.#take();
    if (token.kind !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    const errors = labelKeyErrors(token.text, FieldPath.root);
    if (errors.length > 0) throw new SelectorError(aggregateText(errors));
    if (negated) return { key: token.text, operator: '!' };
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === ',') return { key: token.text, operator: 'exists' };
    return { key: token.text, operator: this.#operator() };
  }

  #operator(): LabelOperator {
    const token = this.#tokens[this.#position++]!;
    const operator = BINARY_OPERATORS.get(token.kind);
    if (operator) return operator;
    throw new SelectorError(`found '${token.text}', expected: ${[...BINARY_OPERATORS.values()].join(', ')}`);
  }

  #valueSet(): readonly string[] {
    const open = this.#take();
    if (open.kind !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ')') {
      this.#take();
      return [''];
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#valueList();
    if (this.#take().kind !== ')') throw new SelectorError(`found '${first.text}', expected: ')'`);
    return [...values].sort();
  }

  /** `a,b`, where nothing before, between or after commas is the empty value. Stops before the closing parenthesis. */
  #valueList(): ReadonlySet<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.kind === 'identifier') {
        values.add(token.text);
        if (next.kind === ')') return values;
        if (next.kind !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.size === 0 || next.kind === ',' || next.kind === ')') values.add('');
        if (next.kind === ')') return values;
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === ',') return '';
    const token = this.#take();
    if (token.kind !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #peek(): Token {
    return asValue(this.#tokens[this.#position] ?? this.#tokens.at(-1)!);
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }
}

function asValue(token: Token): Token {
  return token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', text: token.text } : token;
}
