import { CelUint } from '../evaluate/value.ts';
import type { CallExpression, Expression, Literal, MapEntry, StructField } from './expression.ts';
import { tokenize, type Named, type Token, type TokenType } from './lexer.ts';
import { expandMacro, type MacroSet } from './macros.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import { codePoints, createSource, type Issue, type Source } from './source.ts';
import { explainSyntax } from './syntax-errors.ts';
import { unescapeBytes, unescapeString, type Unescaped } from './unescape.ts';

/**
 * Source text to expression. Text that follows the grammar is parsed here by recursive descent; what does not is read
 * again by `explainSyntax`, which finds the messages.
 *
 * Mirrors: github.com/google/cel-go/parser/parser.go
 */
export interface Parsed {
  readonly source: Source;
  readonly expression: Expression;
  /** Where the expression with an id begins: an operator for a call, the first character for others. */
  readonly offsets: readonly number[];
  readonly issues: readonly Issue[];
}

export interface ParserOptions {
  readonly macros: MacroSet;
}

const CODE_POINTS_MAX = 100_000;
const DEPTH_MAX = 250;
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

const RELATIONS: Partial<Record<TokenType, string>> = {
  '<': '_<_',
  '<=': '_<=_',
  '>=': '_>=_',
  '>': '_>_',
  '==': '_==_',
  '!=': '_!=_',
  in: '@in',
};
const SUMS: Partial<Record<TokenType, string>> = { '+': '_+_', '-': '_-_' };
const PRODUCTS: Partial<Record<TokenType, string>> = { '*': '_*_', '/': '_/_', '%': '_%_' };

export function parseExpression(text: string, options: ParserOptions): Parsed {
  const source = createSource(text);
  const failed = (issues: readonly Issue[]): Parsed => ({
    source,
    expression: { kind: 'unspecified', id: 0 },
    offsets: [0],
    issues,
  });
  const size = codePoints(text);
  if (size > CODE_POINTS_MAX) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${CODE_POINTS_MAX}`;
    return failed([{ location: NOWHERE, message }]);
  }
  const { tokens, errors } = tokenize(text);
  const parser = new Parser(source, tokens, options);
  if (errors.length === 0) {
    const parsed = parser.parse();
    if (parsed) return parsed;
    if (parser.tooDeep !== undefined) return failed([{ location: NOWHERE, message: parser.tooDeep }]);
  }
  return failed(explainSyntax(source, tokens, errors));
}

const NESTED_TOO_DEEP = `expression recursion limit exceeded: ${DEPTH_MAX}`;
const CHAINED_TOO_LONG = 'max recursion depth exceeded';
const NOWHERE = { line: -1, column: -1 };

/** Thrown and caught in this file: the text does not follow the grammar. */
class SyntaxFailure extends Error {}

class Parser {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  readonly #macros: MacroSet;
  readonly #offsets: number[] = [0];
  readonly #issues: Issue[] = [];
  #position = 0;
  #depth = 0;
  /** Why parsing was given up, if not for the syntax. */
  tooDeep: string | undefined;

  constructor(source: Source, tokens: readonly Token[], options: ParserOptions) {
    this.#source = source;
    this.#tokens = tokens;
    this.#macros = options.macros;
  }

  /** Undefined: no expression of the language. */
  parse(): Parsed | undefined {
    try {
      const expression = this.#expression();
      this.#expect('<EOF>');
      return { source: this.#source, expression, offsets: this.#offsets, issues: this.#issues };
    } catch (error) {
      if (error instanceof SyntaxFailure) return undefined;
      throw error;
    }
  }

  #expression(): Expression {
    if (++this.#depth > DEPTH_MAX) {
      this.tooDeep = NESTED_TOO_DEEP;
      throw new SyntaxFailure();
    }
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    const expression = this.#peek('?') ? this.#conditional(condition) : condition;
    this.#depth--;
    return expression;
  }

  #conditional(condition: Expression): Expression {
    const id = this.#id(this.#next().start);
    const then = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    this.#expect(':');
    return this.#call(id, '_?_:_', undefined, [condition, then, this.#expression()]);
  }

  /** A chain of one operator becomes a balanced tree, so that long ones stay shallow. */
  #logical(operator: TokenType, name: string, operand: () => Expression): Expression {
    const terms = [operand()];
    const ids: number[] = [];
    while (this.#peek(operator)) {
      const { start } = this.#next();
      terms.push(operand());
      ids.push(this.#id(start));
    }
    return terms.length === 1 ? terms[0]! : balanced(name, terms, ids, 0, ids.length - 1);
  }

  #relation(): Expression {
    return this.#binary(RELATIONS, () => this.#binary(SUMS, () => this.#binary(PRODUCTS, () => this.#unary())));
  }

  #binary(operators: Partial<Record<TokenType, string>>, operand: () => Expression): Expression {
    let left = operand();
    for (let depth = 0; ; depth++) {
      const name = operators[this.#current().type];
      if (name === undefined) return left;
      if (depth >= DEPTH_MAX) {
        this.tooDeep = CHAINED_TOO_LONG;
        throw new SyntaxFailure();
      }
      const id = this.#id(this.#next().start);
      left = this.#call(id, name, undefined, [left, operand()]);
    }
  }

  #unary(): Expression {
    const operator = this.#current().type;
    if (operator === '!') return this.#prefixed('!', '!_');
    if (operator === '-' && !this.#isNumber(1)) return this.#prefixed('-', '-_');
    return this.#member();
  }

  #prefixed(operator: '!' | '-', name: string): Expression {
    const { start } = this.#current();
    let count = 0;
    while (this.#peek(operator)) {
      if (operator === '-' && count === 0 && this.#isNumber(1)) break;
      this.#next();
      count++;
    }
    if (count % 2 === 0) return this.#member();
    const id = this.#id(start);
    return this.#call(id, name, undefined, [this.#member()]);
  }

  #isNumber(ahead: number): boolean {
    const type = this.#tokens[this.#position + ahead]?.type;
    return type === 'NUM_INT' || type === 'NUM_FLOAT';
  }

  #member(): Expression {
    let operand = this.#primary();
    for (let depth = 1; ; depth++) {
      if (depth > DEPTH_MAX) {
        this.tooDeep = CHAINED_TOO_LONG;
        throw new SyntaxFailure();
      }
      if (this.#peek('.')) operand = this.#selectOrCall(operand);
      else if (this.#peek('[')) operand = this.#index(operand);
      else return operand;
    }
  }

  #selectOrCall(operand: Expression): Expression {
    const dot = this.#next();
    const optional = this.#accept('?');
    const name = this.#current();
    const field = this.#fieldName(name);
    if (optional) {
      const id = this.#id(dot.start);
      const literal: Expression = { kind: 'literal', id: this.#id(name.start), value: field };
      return { kind: 'call', id, function: '_?._', args: [operand, literal] };
    }
    if (name.type === 'IDENTIFIER' && this.#peek('(')) {
      const id = this.#id(this.#next().start);
      return this.#call(id, field, operand, this.#arguments());
    }
    return { kind: 'select', id: this.#id(dot.start), operand, field, testOnly: false };
  }

  #index(operand: Expression): Expression {
    const id = this.#id(this.#next().start);
    const name = this.#accept('?') ? '_[?_]' : '_[_]';
    const index = this.#expression();
    this.#expect(']');
    return this.#call(id, name, undefined, [operand, index]);
  }

  #fieldName(token: Token): string {
    if (token.type === 'ESC_IDENTIFIER') {
      this.#next();
      this.#report(token.start, "unsupported syntax: '`'");
      return '';
    }
    return this.#textOf(this.#expect('IDENTIFIER'));
  }

  #primary(): Expression {
    const { type } = this.#current();
    if (type === '.' || type === 'IDENTIFIER') return this.#name();
    if (type === '[') return this.#list();
    if (type === '{') return this.#map();
    if (type !== '(') return this.#literal();
    this.#next();
    const expression = this.#expression();
    this.#expect(')');
    return expression;
  }

  #name(): Expression {
    const first = this.#current();
    const message = this.#messageName();
    if (message !== undefined) return this.#struct(message);
    const leadingDot = this.#accept('.');
    const token = this.#expect('IDENTIFIER');
    const name = this.#textOf(token);
    const call = this.#peek('(') ? this.#next() : undefined;
    const reserved = RESERVED_WORDS.has(name);
    const args = call && this.#arguments();
    if (reserved) return this.#report(first.start, `reserved identifier: ${name}`);
    const full = leadingDot ? `.${name}` : name;
    if (call && args) return this.#call(this.#id(call.start), full, undefined, args);
    return { kind: 'identifier', id: this.#id(token.start), name: full };
  }

  /** `a.b.C` where a `{` follows it; the tokens before it are consumed then. */
  #messageName(): string | undefined {
    let ahead = this.#position;
    let name = '';
    if (this.#tokens[ahead]!.type === '.') {
      name = '.';
      ahead++;
    }
    while (true) {
      const identifier = this.#tokens[ahead]!;
      if (identifier.type !== 'IDENTIFIER') return undefined;
      name += this.#textOf(identifier);
      const next = this.#tokens[++ahead]!;
      if (next.type === '{') break;
      if (next.type !== '.') return undefined;
      name += '.';
      ahead++;
    }
    this.#position = ahead;
    return name;
  }

  #struct(typeName: string): Expression {
    const id = this.#id(this.#expect('{').start);
    const fields: StructField[] = [];
    const first = this.#current();
    this.#items('}', () => {
      const optional = this.#accept('?');
      const token = this.#current();
      if (token.type === 'ESC_IDENTIFIER') this.#report(first.start, "unsupported syntax: '`'");
      const name =
        token.type === 'ESC_IDENTIFIER' ? this.#textOf(this.#next()) : this.#textOf(this.#expect('IDENTIFIER'));
      const fieldId = this.#id(this.#expect(':').start);
      fields.push({ id: fieldId, name, value: this.#expression(), optional });
    });
    return { kind: 'struct', id, typeName, fields };
  }

  #list(): Expression {
    const id = this.#id(this.#next().start);
    const elements: Expression[] = [];
    const optionals: number[] = [];
    this.#items(']', () => {
      if (this.#accept('?')) optionals.push(elements.length);
      elements.push(this.#expression());
    });
    return { kind: 'list', id, elements, optionals };
  }

  #map(): Expression {
    const id = this.#id(this.#next().start);
    const entries: MapEntry[] = [];
    this.#items('}', () => {
      const optional = this.#accept('?');
      const key = this.#expression();
      const entryId = this.#id(this.#expect(':').start);
      entries.push({ id: entryId, key, value: this.#expression(), optional });
    });
    return { kind: 'map', id, entries };
  }

  /** Items with commas between and perhaps after them. */
  #items(end: TokenType, item: () => void): void {
    if (this.#accept(',')) {
      this.#expect(end);
      return;
    }
    while (!this.#accept(end)) {
      item();
      if (!this.#accept(',')) {
        this.#expect(end);
        return;
      }
    }
  }

  #arguments(): Expression[] {
    const args: Expression[] = [];
    if (this.#accept(')')) return args;
    do args.push(this.#expression());
    while (this.#accept(','));
    this.#expect(')');
    return args;
  }

  #literal(): Expression {
    const start = this.#current();
    const negative = this.#accept('-');
    const token = this.#next();
    const text = this.#textOf(token);
    if (token.type === 'NUM_INT') return this.#integer(start, negative ? -BigInt(text) : BigInt(text));
    if (token.type === 'NUM_FLOAT') return this.#double(start, negative ? -Number(text) : Number(text));
    if (negative) throw new SyntaxFailure();
    if (token.type === 'NUM_UINT') return this.#unsigned(token, BigInt(text.slice(0, -1)));
    if (token.type === 'STRING') return this.#unescaped(token, unescapeString(text));
    if (token.type === 'BYTES') return this.#unescaped(token, unescapeBytes(text.slice(1)));
    if (token.type === 'null') return this.#constant(token, null);
    if (token.type === 'true' || token.type === 'false') return this.#constant(token, token.type === 'true');
    throw new SyntaxFailure();
  }

  #double(start: Token, value: number): Expression {
    return Number.isFinite(value) ? this.#constant(start, value) : this.#report(start.start, 'invalid double literal');
  }

  #unsigned(token: Token, value: bigint): Expression {
    if (value > UINT64_MAX) return this.#report(token.start, 'invalid uint literal');
    return this.#constant(token, new CelUint(value));
  }

  #integer(start: Token, value: bigint): Expression {
    if (value > INT64_MAX || value < -INT64_MAX - 1n) return this.#report(start.start, 'invalid int literal');
    return this.#constant(start, value);
  }

  #unescaped(token: Token, result: Unescaped<Literal>): Expression {
    return result.ok ? this.#constant(token, result.value) : this.#report(token.start, result.message);
  }

  #constant(token: Token, value: Literal): Expression {
    return { kind: 'literal', id: this.#id(token.start), value };
  }

  /** A call, or what a macro of that name makes of it. */
  #call(id: number, name: string, target: Expression | undefined, args: readonly Expression[]): Expression {
    const call: CallExpression = { kind: 'call', id, function: name, ...(target && { target }), args };
    const expanded = expandMacro(this.#macros, call, {
      newId: () => this.#id(this.#offsets[id]!),
      copyId: (original) => this.#id(this.#offsets[original]!),
    });
    if (!expanded) return call;
    return expanded.ok ? expanded.expression : this.#report(this.#offsets[expanded.at]!, expanded.message);
  }

  #report(offset: number, message: string): Expression {
    this.#issues.push({ location: this.#source.locate(offset), message });
    return { kind: 'unspecified', id: this.#id(offset) };
  }

  #id(offset: number): number {
    return this.#offsets.push(offset) - 1;
  }

  #textOf(token: Token): string {
    return this.#source.text.slice(token.start, token.end);
  }

  #current(): Token {
    return this.#tokens[this.#position]!;
  }

  #peek(type: TokenType): boolean {
    return this.#tokens[this.#position]!.type === type;
  }

  #next(): Token {
    const token = this.#tokens[this.#position]!;
    if (token.type !== '<EOF>') this.#position++;
    return token;
  }

  #accept(type: TokenType): boolean {
    if (!this.#peek(type)) return false;
    this.#next();
    return true;
  }

  #expect(type: TokenType | Named): Token {
    if (!this.#peek(type)) throw new SyntaxFailure();
    return this.#next();
  }
}

function balanced(
  name: string,
  terms: readonly Expression[],
  ids: readonly number[],
  low: number,
  high: number,
): Expression {
  const middle = Math.floor((low + high + 1) / 2);
  const left = middle === low ? terms[middle]! : balanced(name, terms, ids, low, middle - 1);
  const right = middle === high ? terms[middle + 1]! : balanced(name, terms, ids, middle + 1, high);
  return { kind: 'call', id: ids[middle]!, function: name, args: [left, right] };
}
