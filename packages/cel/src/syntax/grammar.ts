import type { TokenType } from './lexer.ts';

/**
 * The grammar as a network of states, for explaining what is wrong with a text: what could follow at each place, and what
 * could follow after that. Built when the first broken text is explained.
 *
 * Mirrors: github.com/google/cel-go/parser/gen/CEL.g4, and what ANTLR 4 makes of it (left recursion as loops)
 */
export interface Grammar {
  readonly start: Rule;
  /** States that a rule's end leads to, for each rule. */
  followers(rule: Rule): readonly State[];
}

export interface Rule {
  readonly name: string;
  body: Part;
  entry: State;
  readonly stop: State;
}

export interface State {
  readonly id: number;
  readonly kind: 'basic' | 'block' | 'loopEntry' | 'loopBack' | 'stop';
  readonly rule: Rule;
  readonly out: Transition[];
}

export type Transition =
  | { readonly kind: 'epsilon'; readonly to: State }
  | { readonly kind: 'token'; readonly tokens: readonly TokenType[]; readonly to: State }
  | { readonly kind: 'call'; readonly rule: Rule; readonly precedence: number; readonly to: State }
  /** Only where the rule was called with at most this precedence. */
  | { readonly kind: 'precedence'; readonly precedence: number; readonly to: State };

/** What a rule does, in the order in which ANTLR's generated parsers do it. */
export type Part =
  | { readonly do: 'sequence'; readonly parts: readonly Part[] }
  | { readonly do: 'match'; readonly state: State; readonly tokens: readonly TokenType[] }
  | { readonly do: 'call'; readonly state: State; readonly rule: Rule; readonly precedence: number }
  | { readonly do: 'optional'; readonly state: State; readonly first: State; readonly part: Part }
  | { readonly do: 'choice'; readonly state: State; readonly parts: readonly Part[]; readonly predicted: boolean }
  | {
      readonly do: 'loop';
      readonly state: State;
      readonly back: State;
      readonly first: State;
      readonly part: Part;
      readonly predicted: boolean;
    }
  /** At least once. */
  | {
      readonly do: 'repeat';
      readonly state: State;
      readonly back: State;
      readonly first: State;
      readonly part: Part;
      readonly predicted: boolean;
    };

/** A part between two states. */
type Fragment = (builder: Builder, from: State, to: State) => Part;

class Builder {
  readonly rule: Rule;
  readonly #states: State[];
  readonly #rules: Map<string, Rule>;

  constructor(rule: Rule, states: State[], rules: Map<string, Rule>) {
    this.rule = rule;
    this.#states = states;
    this.#rules = rules;
  }

  state(kind: State['kind'] = 'basic'): State {
    return newState(this.#states, this.rule, kind);
  }

  named(name: string): Rule {
    return this.#rules.get(name)!;
  }
}

function newState(states: State[], rule: Rule, kind: State['kind']): State {
  const state: State = { id: states.length, kind, rule, out: [] };
  states.push(state);
  return state;
}

function token(...tokens: TokenType[]): Fragment {
  return (builder, from, to) => {
    const state = builder.state();
    from.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'token', tokens, to });
    return { do: 'match', state, tokens };
  };
}

function call(name: string, precedence = 0): Fragment {
  return (builder, from, to) => {
    const state = builder.state();
    const rule = builder.named(name);
    from.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'call', rule, precedence, to });
    return { do: 'call', state, rule, precedence };
  };
}

function sequence(...fragments: Fragment[]): Fragment {
  return (builder, from, to) => {
    let at = from;
    const parts = fragments.map((fragment, index) => {
      const next = index === fragments.length - 1 ? to : builder.state();
      const part = fragment(builder, at, next);
      at = next;
      return part;
    });
    return { do: 'sequence', parts };
  };
}

function optional(fragment: Fragment): Fragment {
  return (builder, from, to) => {
    const [state, first] = [builder.state('block'), builder.state()];
    from.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'epsilon', to: first });
    const part = fragment(builder, first, to);
    state.out.push({ kind: 'epsilon', to });
    return { do: 'optional', state, first, part };
  };
}

/** `predicted`: one token is not enough to choose by. */
function choice(fragments: readonly Fragment[], predicted = true): Fragment {
  return (builder, from, to) => {
    const state = builder.state('block');
    from.out.push({ kind: 'epsilon', to: state });
    const parts = fragments.map((fragment) => {
      const first = builder.state();
      state.out.push({ kind: 'epsilon', to: first });
      return fragment(builder, first, to);
    });
    return { do: 'choice', state, parts, predicted };
  };
}

function loop(fragment: Fragment, predicted = false): Fragment {
  return (builder, from, to) => {
    const [state, first, back] = [builder.state('loopEntry'), builder.state(), builder.state('loopBack')];
    from.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'epsilon', to: first });
    const part = fragment(builder, first, back);
    back.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'epsilon', to });
    return { do: 'loop', state, back, first, part, predicted };
  };
}

function repeat(fragment: Fragment, predicted = false): Fragment {
  return (builder, from, to) => {
    const [state, first, back] = [builder.state('block'), builder.state(), builder.state('loopBack')];
    from.out.push({ kind: 'epsilon', to: state });
    state.out.push({ kind: 'epsilon', to: first });
    const part = fragment(builder, first, back);
    back.out.push({ kind: 'epsilon', to: state });
    back.out.push({ kind: 'epsilon', to });
    return { do: 'repeat', state, back, first, part, predicted };
  };
}

function atPrecedence(precedence: number, fragment: Fragment): Fragment {
  return (builder, from, to) => {
    const next = builder.state();
    from.out.push({ kind: 'precedence', precedence, to: next });
    return fragment(builder, next, to);
  };
}

const question = optional(token('?'));
const comma = optional(token(','));
const args = sequence(token('('), optional(call('exprList')), token(')'));
const leadingDot = optional(token('.'));
const commaSeparated = (item: Fragment, predicted: boolean): Fragment =>
  sequence(item, loop(sequence(token(','), item), predicted));

const RULES: Readonly<Record<string, Fragment>> = {
  start: sequence(call('expr'), token('<EOF>')),
  expr: sequence(
    call('conditionalOr'),
    optional(sequence(token('?'), call('conditionalOr'), token(':'), call('expr'))),
  ),
  conditionalOr: sequence(call('conditionalAnd'), loop(sequence(token('||'), call('conditionalAnd')))),
  conditionalAnd: sequence(call('relation'), loop(sequence(token('&&'), call('relation')))),
  relation: sequence(
    call('calc'),
    loop(atPrecedence(1, sequence(token('==', '!=', 'in', '<', '<=', '>=', '>'), call('relation', 2))), true),
  ),
  calc: sequence(
    call('unary'),
    loop(
      choice([
        atPrecedence(2, sequence(token('*', '/', '%'), call('calc', 3))),
        atPrecedence(1, sequence(token('-', '+'), call('calc', 2))),
      ]),
      true,
    ),
  ),
  unary: choice([
    call('member'),
    sequence(repeat(token('!')), call('member')),
    sequence(repeat(token('-'), true), call('member')),
  ]),
  member: sequence(
    call('primary'),
    loop(
      choice([
        atPrecedence(3, sequence(token('.'), question, call('escapeIdent'))),
        atPrecedence(2, sequence(token('.'), token('IDENTIFIER'), args)),
        atPrecedence(1, sequence(token('['), question, call('expr'), token(']'))),
      ]),
      true,
    ),
  ),
  primary: choice([
    sequence(leadingDot, token('IDENTIFIER')),
    sequence(leadingDot, token('IDENTIFIER'), args),
    sequence(token('('), call('expr'), token(')')),
    sequence(token('['), optional(call('listInit')), comma, token(']')),
    sequence(token('{'), optional(call('mapInitializerList')), comma, token('}')),
    sequence(
      leadingDot,
      token('IDENTIFIER'),
      loop(sequence(token('.'), token('IDENTIFIER'))),
      token('{'),
      optional(call('fieldInitializerList')),
      comma,
      token('}'),
    ),
    call('literal'),
  ]),
  exprList: commaSeparated(call('expr'), false),
  listInit: commaSeparated(call('optExpr'), true),
  fieldInitializerList: commaSeparated(sequence(call('optField'), token(':'), call('expr')), true),
  optField: sequence(question, call('escapeIdent')),
  mapInitializerList: commaSeparated(sequence(call('optExpr'), token(':'), call('expr')), true),
  escapeIdent: choice([token('IDENTIFIER'), token('ESC_IDENTIFIER')], false),
  optExpr: sequence(question, call('expr')),
  literal: choice([
    sequence(optional(token('-')), token('NUM_INT')),
    token('NUM_UINT'),
    sequence(optional(token('-')), token('NUM_FLOAT')),
    token('STRING'),
    token('BYTES'),
    token('true'),
    token('false'),
    token('null'),
  ]),
};

export function buildGrammar(): Grammar {
  const states: State[] = [];
  const rules = new Map<string, Rule>();
  for (const name of Object.keys(RULES)) {
    const rule = { name } as { -readonly [Key in keyof Rule]: Rule[Key] };
    rule.entry = newState(states, rule, 'basic');
    rule.stop = newState(states, rule, 'stop');
    rules.set(name, rule);
  }
  for (const [name, fragment] of Object.entries(RULES)) {
    const rule = rules.get(name)!;
    rule.body = fragment(new Builder(rule, states, rules), rule.entry, rule.stop);
  }
  const followers = new Map<Rule, State[]>();
  for (const { out } of states) {
    for (const transition of out) {
      if (transition.kind === 'call') followers.getOrInsert(transition.rule, []).push(transition.to);
    }
  }
  return { start: rules.get('start')!, followers: (rule) => followers.get(rule) ?? [] };
}
