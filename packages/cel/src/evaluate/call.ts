import type { FunctionDeclaration, Implementation, Overload } from '../check/function-declaration.ts';
import type { CelType } from '../types/cel-type.ts';
import { runtimeTypeName } from '../types/format-type.ts';
import { typeOfValue } from './type-of-value.ts';
import { CelError, CelUint, NO_SUCH_OVERLOAD, isKind, isList, isMap, type CelValue } from './value.ts';

/**
 * How a call is made: by its overload where the types say which, or by the run-time types of the arguments.
 *
 * Mirrors: github.com/google/cel-go/common/decls: Bindings, interpreter: evalUnary, evalBinary, evalVarArgs
 */
export interface Call {
  /** Whether an error among the arguments is the result. */
  readonly strict: boolean;
  /** Whether arguments after one that fails are evaluated: upstream does so where it knows the function of two. */
  readonly evaluatesAll: boolean;
  apply(args: readonly CelValue[]): CelValue;
}

/** `overload` is empty where several are possible. */
export function planFunction(declaration: FunctionDeclaration, overload: string): Call {
  const strict = !declaration.nonStrict;
  if (declaration.call) return { strict, evaluatesAll: true, apply: planSingleton(declaration, declaration.call) };
  const candidates = declaration.overloads.filter((candidate) => candidate.call);
  const chosen = candidates.filter((candidate) => candidate.id === overload);
  const guarded = (chosen.length === 1 ? chosen : candidates).map((candidate) => guard(declaration, candidate));
  return {
    strict,
    evaluatesAll: guarded.length === 1,
    apply(args) {
      for (const { accepts, call } of guarded) if (accepts(args)) return call(...args);
      return noSuchOverload(declaration.name, args);
    },
  };
}

function planSingleton(declaration: FunctionDeclaration, implementation: Implementation): Call['apply'] {
  const call = implementation as (...args: readonly CelValue[]) => CelValue;
  const { accepts } = declaration;
  if (!accepts) return (args) => call(...args);
  return (args) => {
    const first = args[0]!;
    if (accepts(first)) return call(...args);
    return hasMethods(first) ? NO_SUCH_OVERLOAD : new CelError(`no such overload: ${declaration.name}`);
  };
}

/** Values that upstream asks for a method of that name before it gives up. */
function hasMethods(value: CelValue): boolean {
  return typeof value === 'string' || isKind(value, 'timestamp') || isKind(value, 'duration');
}

function guard(declaration: FunctionDeclaration, overload: Overload) {
  const guards = declaration.unguarded ? undefined : overload.args.map(typeGuard);
  const count = overload.args.length;
  return {
    accepts: (args: readonly CelValue[]) => {
      if (args.length !== count) return false;
      if (!guards) return true;
      for (let index = 0; index < count; index++) if (!guards[index]!(args[index]!)) return false;
      return true;
    },
    call: overload.call as (...args: readonly CelValue[]) => CelValue,
  };
}

/** Whether a value can be an argument of a type, as far as run time knows: of collections one element is looked at. */
export function typeGuard(type: CelType): (value: CelValue) => boolean {
  switch (type.kind) {
    case 'bool':
      return (value) => typeof value === 'boolean';
    case 'int':
      return (value) => typeof value === 'bigint';
    case 'double':
      return (value) => typeof value === 'number';
    case 'string':
      return (value) => typeof value === 'string';
    case 'bytes':
      return (value) => value instanceof Uint8Array;
    case 'uint':
      return (value) => value instanceof CelUint;
    case 'dyn':
    case 'any':
    case 'parameter':
      return () => true;
    case 'list': {
      const accepts = typeGuard(type.element);
      return (value) => isList(value) && (value.size === 0 || accepts(value.at(0)!));
    }
    case 'map':
      return mapGuard(typeGuard(type.key), typeGuard(type.value));
    case 'duration':
    case 'error':
    case 'null':
    case 'object':
    case 'opaque':
    case 'timestamp':
    case 'type':
    case 'wrapper': {
      const name = runtimeTypeName(type);
      return (value) => runtimeTypeName(typeOfValue(value)) === name;
    }
  }
}

function mapGuard(acceptsKey: (value: CelValue) => boolean, acceptsValue: (value: CelValue) => boolean) {
  return (value: CelValue) => {
    if (!isMap(value)) return false;
    for (const key of value.keys()) return acceptsKey(key) && acceptsValue(value.get(key)!);
    return true;
  };
}

export function noSuchOverload(name: string, args: readonly CelValue[]): CelError {
  const failed = args.find((value) => value instanceof CelError);
  if (failed) return failed;
  const types = args.map((value) => runtimeTypeName(typeOfValue(value)));
  return new CelError(`no such overload: ${name}(${types.join(', ')})`);
}
