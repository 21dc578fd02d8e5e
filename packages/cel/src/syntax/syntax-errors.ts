import { buildGrammar, type Grammar, type Part, type Rule, type State } from './grammar.ts';
import type { LexicalError, Token, TokenType } from './lexer.ts';
import { predictAlternative } from './prediction.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Issue, Source } from './source.ts';

/**
 * What is wrong with a text that does not follow the grammar, in the words of ANTLR's parsers: where they notice it, what they
 * expected there, and what they skip or imagine in order to go on.
 *
 * Mirrors: github.com/antlr4-go/antlr/v4/error_strategy.go, github.com/google/cel-go/parser/parser.go
 */
export function explainSyntax(source: Source, tokens: readonly Token[], errors: readonly LexicalError[]): Issue[] {
  const issues = errors.map(({ offset, text }) => ({
    location: source.locate(offset),
    message: `Syntax error: token recognition error at: '${text}'`,
  }));
  grammar ??= buildGrammar();
  return [...issues, ...new Explainer(source, tokens, grammar).run()];
}

let grammar: Grammar | undefined;

const RECOVERIES_MAX = 30;
const END = '<EOF>';

/** In the order in which messages list them. */
const TOKEN_ORDER: readonly TokenType[] = [
  '<EOF>',
  '==',
  '!=',
  'in',
  '<',
  '<=',
  '>=',
  '>',
  '&&',
  '||',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '.',
  ',',
  '-',
  '!',
  '?',
  ':',
  '+',
  '*',
  '/',
  '%',
  'true',
  'false',
  'null',
  'NUM_FLOAT',
  'NUM_INT',
  'NUM_UINT',
  'STRING',
  'BYTES',
  'IDENTIFIER',
  'ESC_IDENTIFIER',
];

/** Tokens that can come next; `end`: or the rule ends. */
interface NextTokens {
  readonly tokens: ReadonlySet<TokenType>;
  readonly end: boolean;
}

/** A rule that is being followed. */
interface Invocation {
  readonly rule: Rule;
  readonly precedence: number;
  /** Where its caller goes on; absent for the first. */
  readonly returnTo: State | undefined;
  readonly caller: Invocation | undefined;
}

/** Thrown to leave a rule, and caught where the rule was called. */
class RuleFailure extends Error {
  readonly report: () => void;

  constructor(report: () => void) {
    super();
    this.report = report;
  }
}

/** Thrown to give up. */
class TooManyErrors extends Error {}

class Explainer {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  readonly #grammar: Grammar;
  readonly #issues: Issue[] = [];
  #position = 0;
  #state: State;
  #invocation: Invocation;
  /** After an error nothing is reported until a token fits again. */
  #recovering = false;
  #lastErrorPosition = -1;
  #lastErrorStates: Set<State> = new Set();
  #recoveries = 0;

  constructor(source: Source, tokens: readonly Token[], grammar: Grammar) {
    this.#source = source;
    this.#tokens = tokens;
    this.#grammar = grammar;
    this.#state = grammar.start.entry;
    this.#invocation = { rule: grammar.start, precedence: 0, returnTo: undefined, caller: undefined };
  }

  run(): readonly Issue[] {
    try {
      this.#followRule(this.#invocation);
    } catch (error) {
      if (!(error instanceof TooManyErrors)) throw error;
    }
    return this.#issues;
  }

  #followRule(invocation: Invocation): void {
    const before = this.#invocation;
    this.#invocation = invocation;
    try {
      this.#follow(invocation.rule.body);
    } catch (error) {
      if (!(error instanceof RuleFailure)) throw error;
      if (!this.#recovering) {
        this.#recovering = true;
        error.report();
      }
      this.#recover();
    }
    this.#invocation = before;
  }

  #follow(part: Part): void {
    switch (part.do) {
      case 'sequence':
        for (const inner of part.parts) this.#follow(inner);
        return;
      case 'match':
        this.#state = part.state;
        this.#match(part.tokens);
        return;
      case 'call': {
        this.#state = part.state;
        const [transition] = part.state.out;
        const { rule, precedence } = part;
        this.#followRule({ rule, precedence, returnTo: transition!.to, caller: this.#invocation });
        return;
      }
      case 'optional':
        this.#sync(part.state);
        if (this.#nextTokens(part.first).tokens.has(this.#ahead(1))) this.#follow(part.part);
        return;
      case 'choice':
        this.#sync(part.state);
        this.#follow(part.parts[this.#choose(part.state, part.predicted)]!);
        return;
      case 'loop':
        this.#sync(part.state);
        while (this.#entersLoop(part, 0)) {
          this.#follow(part.part);
          this.#sync(part.back);
        }
        return;
      case 'repeat':
        this.#sync(part.state);
        do {
          this.#follow(part.part);
          this.#sync(part.back);
        } while (this.#entersLoop({ ...part, state: part.back }, 0));
    }
  }

  #entersLoop(part: { state: State; first: State; predicted: boolean }, alternative: number): boolean {
    if (part.predicted) return this.#predict(part.state) === alternative;
    return this.#nextTokens(part.first).tokens.has(this.#ahead(1));
  }

  #choose(state: State, predicted: boolean): number {
    if (predicted) return this.#predict(state);
    const token = this.#ahead(1);
    const index = state.out.findIndex((transition) => this.#nextTokens(transition.to).tokens.has(token));
    if (index === -1) throw this.#noViableAlternative(this.#position, this.#position);
    return index;
  }

  #predict(state: State): number {
    const { rule, precedence } = this.#invocation;
    const prediction = predictAlternative(
      this.#grammar,
      state,
      { rule, precedence },
      (ahead) => this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)]!.type,
    );
    if (prediction.ok) return prediction.alternative;
    throw this.#noViableAlternative(this.#position, this.#position + prediction.failedAt);
  }

  #noViableAlternative(from: number, to: number): RuleFailure {
    const [first, offending] = [this.#tokens[from]!, this.#tokens[Math.min(to, this.#tokens.length - 1)]!];
    const text = first.type === END ? END : this.#textBetween(from, to);
    return new RuleFailure(() => {
      const message = `no viable alternative at input ${quoted(text)}`;
      const reserved = /no viable alternative at input '.(true|false|null)'/.exec(message);
      this.#report(offending, reserved ? `mismatched input '${reserved[1]}' expecting IDENTIFIER` : message);
    });
  }

  /** The text of tokens with the space between them; what could not be read is not part of it. */
  #textBetween(from: number, to: number): string {
    let text = '';
    for (const [index, token] of this.#tokens.slice(from, to + 1).entries()) {
      const gap = index === 0 ? '' : this.#source.text.slice(this.#tokens[from + index - 1]!.end, token.start);
      if (gap.trim() === '') text += gap;
      text += this.#source.text.slice(token.start, token.end);
    }
    return text;
  }

  /** A token of a kind, or the nearest thing to it. */
  #match(tokens: readonly TokenType[]): void {
    if (tokens.includes(this.#ahead(1))) {
      this.#refuseReserved(tokens);
      this.#fits();
      this.#consume();
      return;
    }
    this.#countRecovery();
    if (this.#deleteToken()) {
      this.#consume();
      return;
    }
    const next = this.#state.out[0]!.to;
    if (this.#expectedAt(next).has(this.#ahead(1))) {
      this.#reportMissing();
      return;
    }
    throw this.#mismatch();
  }

  /** What is a name by the grammar may yet be a word that is none. */
  #refuseReserved(tokens: readonly TokenType[]): void {
    if (tokens[0] !== 'IDENTIFIER' || this.#invocation.rule.name !== 'primary') return;
    const { start, end } = this.#tokens[this.#position]!;
    const word = this.#source.text.slice(start, end);
    if (!RESERVED_WORDS.has(word)) return;
    this.#issues.push({ location: this.#source.locate(start), message: `reserved identifier: ${word}` });
  }

  /** Before a decision: whether the next token fits, and if not whether one too many can be skipped. */
  #sync(state: State): void {
    this.#state = state;
    if (this.#recovering) return;
    const next = this.#nextTokens(state);
    if (next.end || next.tokens.has(this.#ahead(1))) return;
    if (state.kind === 'block' || state.kind === 'loopEntry') {
      if (this.#deleteToken()) return;
      throw this.#mismatch();
    }
    if (state.kind !== 'loopBack') return;
    this.#reportUnwanted();
    this.#consumeUntil(new Set([...this.#expectedAt(state), ...this.#recoverySet()]));
  }

  /** Skips a token if the one after it is expected. */
  #deleteToken(): boolean {
    if (!this.#expectedAt(this.#state).has(this.#ahead(2))) return false;
    this.#reportUnwanted();
    this.#consume();
    this.#fits();
    return true;
  }

  #recover(): void {
    this.#countRecovery();
    if (this.#lastErrorPosition === this.#position && this.#lastErrorStates.has(this.#state)) this.#consume();
    this.#lastErrorPosition = this.#position;
    this.#lastErrorStates.add(this.#state);
    this.#consumeUntil(this.#recoverySet());
  }

  #countRecovery(): void {
    if (this.#recoveries++ < RECOVERIES_MAX) return;
    const message = `error recovery attempt limit exceeded: ${RECOVERIES_MAX}`;
    this.#report(this.#tokens[this.#position]!, message);
    throw new TooManyErrors();
  }

  /** What may follow any of the rules that are being followed. */
  #recoverySet(): Set<TokenType> {
    const set = new Set<TokenType>();
    for (let { returnTo, caller } = this.#invocation; returnTo && caller; { returnTo, caller } = caller) {
      for (const token of this.#nextTokens(returnTo).tokens) set.add(token);
    }
    return set;
  }

  #consumeUntil(set: ReadonlySet<TokenType>): void {
    while (this.#ahead(1) !== END && !set.has(this.#ahead(1))) this.#consume();
  }

  #fits(): void {
    this.#recovering = false;
    this.#lastErrorPosition = -1;
    this.#lastErrorStates = new Set();
  }

  #mismatch(): RuleFailure {
    const token = this.#tokens[this.#position]!;
    const expected = describe(this.#expectedAt(this.#state));
    return new RuleFailure(() => this.#report(token, `mismatched input ${this.#display(token)} expecting ${expected}`));
  }

  #reportUnwanted(): void {
    this.#reportOnce((token, expected) => `extraneous input ${token} expecting ${expected}`);
  }

  #reportMissing(): void {
    this.#reportOnce((token, expected) => `missing ${expected} at ${token}`);
  }

  #reportOnce(message: (token: string, expected: string) => string): void {
    if (this.#recovering) return;
    this.#recovering = true;
    const token = this.#tokens[this.#position]!;
    this.#report(token, message(this.#display(token), describe(this.#expectedAt(this.#state))));
  }

  #report(token: Token, message: string): void {
    this.#issues.push({ location: this.#source.locate(token.start), message: `Syntax error: ${message}` });
  }

  #display(token: Token): string {
    return quoted(token.type === END ? END : this.#source.text.slice(token.start, token.end));
  }

  #ahead(count: number): TokenType {
    return this.#tokens[Math.min(this.#position + count - 1, this.#tokens.length - 1)]!.type;
  }

  #consume(): void {
    if (this.#position < this.#tokens.length - 1) this.#position++;
  }

  /** What can come next, also after the rules that are being followed end. */
  #expectedAt(state: State): Set<TokenType> {
    let next = this.#nextTokens(state);
    const expected = new Set(next.tokens);
    let { returnTo, caller } = this.#invocation;
    while (next.end && returnTo) {
      next = this.#nextTokens(returnTo);
      for (const token of next.tokens) expected.add(token);
      returnTo = caller?.returnTo;
      caller = caller?.caller;
    }
    if (next.end) expected.add(END);
    return expected;
  }

  #nextTokens(state: State): NextTokens {
    const known = nextTokensCache.get(state);
    if (known) return known;
    const tokens = new Set<TokenType>();
    const end = collectNextTokens(state, tokens, new Set());
    const next = { tokens, end };
    nextTokensCache.set(state, next);
    return next;
  }
}

const nextTokensCache = new WeakMap<State, NextTokens>();

/** Whether the end of the state's rule can be reached without a token. */
function collectNextTokens(state: State, tokens: Set<TokenType>, seen: Set<State>): boolean {
  if (seen.has(state)) return false;
  seen.add(state);
  if (state.kind === 'stop') return true;
  let end = false;
  for (const transition of state.out) {
    if (transition.kind === 'token') {
      for (const token of transition.tokens) tokens.add(token);
    } else if (transition.kind === 'call') {
      const skips = collectNextTokens(transition.rule.entry, tokens, new Set());
      if (skips && collectNextTokens(transition.to, tokens, seen)) end = true;
    } else if (collectNextTokens(transition.to, tokens, seen)) {
      end = true;
    }
  }
  return end;
}

function describe(tokens: ReadonlySet<TokenType>): string {
  const names = TOKEN_ORDER.filter((token) => tokens.has(token)).map((token) =>
    token === END || /^[A-Z_]+$/.test(token) ? token : `'${token}'`,
  );
  return names.length === 1 ? names[0]! : `{${names.join(', ')}}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
