/**
 * What validation has to know of the compiler of expressions. The compiler itself is loaded when the first object with
 * expressions is written, which for most servers is never.
 */
import type { CompilerOptions, PolicyCompiler } from './expressions/policy-compiler.ts';

/** What an expression is for: it decides what the expression may refer to and what it has to result in. */
export type ExpressionPurpose =
  | 'condition'
  | 'message'
  | 'auditAnnotation'
  | 'applyConfiguration'
  | 'jsonPatch'
  | 'variable';

let createLoaded: ((options: CompilerOptions) => PolicyCompiler) | undefined;

/** Undefined if there is nothing to wait for. */
export function loadExpressionCompiler(): Promise<void> | undefined {
  return createLoaded ? undefined : load();
}

async function load(): Promise<void> {
  ({ createPolicyCompiler: createLoaded } = await import('./expressions/policy-compiler.ts'));
}

/** A compiler for the expressions of one object. `loadExpressionCompiler` has to have been waited for. */
export function createCompiler(options: CompilerOptions): PolicyCompiler {
  if (!createLoaded) throw new TypeError('the compiler of expressions is not loaded');
  return createLoaded(options);
}
