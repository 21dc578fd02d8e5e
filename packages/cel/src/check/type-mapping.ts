import { DYN, isOptionalType, mapParameters, parametersOf, sameType, type CelType } from '../types/cel-type.ts';

/**
 * Unification: which types type parameters stand for, found out as expressions are checked.
 *
 * Mirrors: github.com/google/cel-go/checker/types.go, mapping.go
 */
export class TypeMapping {
  #types: Map<string, CelType> = new Map();

  /** Whether the types agree. What that teaches about type parameters is kept only if they do. */
  isAssignable(a: CelType, b: CelType): boolean {
    return this.#attempt(() => this.#assignable(a, b));
  }

  /** The same one by one: for a call, its arguments' types and the overload's. */
  areAssignable(a: readonly CelType[], b: readonly CelType[]): boolean {
    return this.#attempt(() => this.#allAssignable(a, b));
  }

  /** The type with what its parameters stand for; those that stand for nothing remain, or become `dyn`. */
  substitute(type: CelType, unboundToDyn: boolean): CelType {
    if (type.kind === 'parameter') {
      const bound = this.#types.get(type.name);
      if (bound) return this.substitute(bound, unboundToDyn);
      return unboundToDyn ? DYN : type;
    }
    return mapParameters(type, (parameter) => this.substitute(parameter, unboundToDyn));
  }

  #attempt(test: () => boolean): boolean {
    const before = new Map(this.#types);
    if (test()) return true;
    this.#types = before;
    return false;
  }

  #allAssignable(a: readonly CelType[], b: readonly CelType[]): boolean {
    return a.length === b.length && a.every((type, index) => this.#assignable(type, b[index]!));
  }

  #assignable(a: CelType, b: CelType): boolean {
    if (b.kind === 'parameter') {
      const verdict = this.#bind(a, b.name, b);
      if (verdict === 'valid') return true;
      if (verdict === 'boundOtherwise') return false;
    }
    if (a.kind === 'parameter') return this.#bind(b, a.name, a) === 'valid';
    if (isDynamicOrError(a) || isDynamicOrError(b)) return true;
    if (a.kind === 'null') return isNullable(b);
    if (b.kind === 'null') return isNullable(a);
    switch (a.kind) {
      case 'type':
        return b.kind === 'type';
      case 'opaque':
        return b.kind === 'opaque' && a.name === b.name && this.#allAssignable(a.parameters, b.parameters);
      case 'list':
      case 'map':
        return a.kind === b.kind && this.#allAssignable(parametersOf(a), parametersOf(b));
      case 'wrapper':
        return b.kind === 'wrapper' ? sameType(a, b) : sameType(a.of, b);
      case 'any':
      case 'bool':
      case 'bytes':
      case 'double':
      case 'duration':
      case 'dyn':
      case 'error':
      case 'int':
      case 'object':
      case 'string':
      case 'timestamp':
      case 'uint':
        return sameType(a, b) || (b.kind === 'wrapper' && sameType(a, b.of));
    }
  }

  /** Lets a parameter stand for a type, or for what both it and its present type can be. */
  #bind(type: CelType, name: string, parameter: CelType): 'valid' | 'boundOtherwise' | 'no' {
    if (sameType(type, parameter)) return 'valid';
    const bound = this.#types.get(name);
    if (bound) {
      if (sameType(type, bound)) return 'valid';
      if (!this.#assignable(type, bound)) return 'boundOtherwise';
      const general = mostGeneral(type, bound);
      if (this.#isNotWithin(parameter, general)) this.#types.set(name, general);
      return 'valid';
    }
    if (!this.#isNotWithin(parameter, type)) return 'no';
    this.#types.set(name, type);
    return 'valid';
  }

  #isNotWithin(parameter: CelType, type: CelType): boolean {
    if (sameType(parameter, type)) return false;
    if (type.kind === 'parameter') {
      const bound = this.#types.get(type.name);
      return !bound || this.#isNotWithin(parameter, bound);
    }
    return parametersOf(type).every((inner) => this.#isNotWithin(parameter, inner));
  }
}

export function isDynamic(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'any';
}

export function isDynamicOrError(type: CelType): boolean {
  return isDynamic(type) || type.kind === 'error';
}

export function unwrapOptional(type: CelType): { readonly type: CelType; readonly optional: boolean } {
  return isOptionalType(type) ? { type: type.parameters[0]!, optional: true } : { type, optional: false };
}

/** Of two types of which one may stand for the other, the less specific. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isEqualOrLessSpecific(a, b) ? a : b;
}

function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDynamic(a) || a.kind === 'parameter') return true;
  if (isDynamic(b) || b.kind === 'parameter') return false;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'opaque':
    case 'list':
    case 'map': {
      if (a.kind === 'opaque' && a.name !== (b as typeof a).name) return false;
      const [inA, inB] = [parametersOf(a), parametersOf(b)];
      return inA.length === inB.length && inA.every((type, index) => isEqualOrLessSpecific(type, inB[index]!));
    }
    case 'type':
      return true;
    case 'any':
    case 'bool':
    case 'bytes':
    case 'double':
    case 'duration':
    case 'dyn':
    case 'error':
    case 'int':
    case 'null':
    case 'object':
    case 'string':
    case 'timestamp':
    case 'uint':
    case 'wrapper':
      return sameType(a, b);
  }
}

function isNullable(type: CelType): boolean {
  switch (type.kind) {
    case 'null':
    case 'opaque':
    case 'object':
    case 'any':
    case 'dyn':
    case 'duration':
    case 'timestamp':
    case 'wrapper':
      return true;
    case 'bool':
    case 'bytes':
    case 'double':
    case 'error':
    case 'int':
    case 'list':
    case 'map':
    case 'parameter':
    case 'string':
    case 'type':
    case 'uint':
      return false;
  }
}
