import type { Grammar, Rule, State } from './grammar.ts';
import type { TokenType } from './lexer.ts';

/**
 * Which alternative of a decision the tokens ahead belong to: all are followed at once until one remains.
 *
 * Mirrors: github.com/antlr4-go/antlr/v4/parser_atn_simulator.go
 * Differs: never looks at the callers of the current rule, as upstream does where that leaves several alternatives; the
 * first of them is taken then.
 */
export type Prediction =
  | { readonly ok: true; readonly alternative: number }
  /** How many tokens ahead nothing fits any more. */
  | { readonly ok: false; readonly failedAt: number };

/** One way to have got here. */
interface Path {
  readonly state: State;
  readonly alternative: number;
  readonly stack: Stack | undefined;
  /** It has left the rule that the decision is in. */
  readonly outside: boolean;
}

interface Stack {
  readonly returnTo: State;
  readonly below: Stack | undefined;
  readonly key: string;
}

export function predictAlternative(
  grammar: Grammar,
  decision: State,
  current: { readonly rule: Rule; readonly precedence: number },
  tokenAhead: (count: number) => TokenType,
): Prediction {
  const follow = (paths: readonly Path[]) => closure(grammar, current, paths);
  let paths = follow(
    decision.out.map(({ to }, alternative) => ({ state: to, alternative, stack: undefined, outside: false })),
  );
  for (let ahead = 0; ; ahead++) {
    const token = tokenAhead(ahead);
    const reached = follow(paths.flatMap((path) => after(path, token)));
    if (reached.length === 0) {
      const finished = paths.filter((path) => path.outside).map((path) => path.alternative);
      return finished.length > 0 ? { ok: true, alternative: Math.min(...finished) } : { ok: false, failedAt: ahead };
    }
    const alternatives = new Set(reached.map((path) => path.alternative));
    if (alternatives.size === 1 || token === '<EOF>' || isAmbiguous(reached)) {
      return { ok: true, alternative: Math.min(...alternatives) };
    }
    paths = reached;
  }
}

function after(path: Path, token: TokenType): Path[] {
  const next: Path[] = [];
  for (const transition of path.state.out) {
    if (transition.kind === 'token' && transition.tokens.includes(token)) next.push({ ...path, state: transition.to });
  }
  return next;
}

/** Wherever one alternative is, another is as well: more tokens would not tell them apart. */
function isAmbiguous(paths: readonly Path[]): boolean {
  const places = new Map<string, Set<number>>();
  for (const { state, stack, alternative } of paths) {
    places.getOrInsert(`${state.id}:${stack?.key ?? ''}`, new Set()).add(alternative);
  }
  return [...places.values()].every((alternatives) => alternatives.size > 1);
}

/** The paths with all that they lead to without a token, as far as states that need one. */
function closure(
  grammar: Grammar,
  current: { readonly rule: Rule; readonly precedence: number },
  start: readonly Path[],
): Path[] {
  const seen = new Set<string>();
  const result: Path[] = [];
  const pending = [...start];
  for (let path = pending.pop(); path; path = pending.pop()) {
    const { state, stack, alternative, outside } = path;
    const key = `${state.id}:${alternative}:${outside}:${stack?.key ?? ''}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (state.kind === 'stop') {
      if (stack) pending.push({ ...path, state: stack.returnTo, stack: stack.below });
      else for (const to of grammar.followers(state.rule)) pending.push({ ...path, state: to, outside: true });
      if (!stack && grammar.followers(state.rule).length === 0) result.push(path);
      continue;
    }
    for (const transition of state.out) {
      switch (transition.kind) {
        case 'epsilon':
          pending.push({ ...path, state: transition.to });
          break;
        case 'call': {
          const returnTo = transition.to;
          const pushed: Stack = { returnTo, below: stack, key: `${returnTo.id},${stack?.key ?? ''}` };
          pending.push({ ...path, state: transition.rule.entry, stack: pushed });
          break;
        }
        case 'precedence': {
          const isOwn = !stack && !outside && state.rule === current.rule;
          if (!isOwn || transition.precedence >= current.precedence) pending.push({ ...path, state: transition.to });
          break;
        }
        case 'token':
          break;
      }
    }
    if (state.out.some((transition) => transition.kind === 'token')) result.push(path);
  }
  return result;
}
