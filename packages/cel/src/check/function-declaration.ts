import type { CelValue } from '../evaluate/value.ts';
import {
  ANY,
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  listOf,
  mapOf,
  opaqueType,
  parameterType,
  typeOf,
  type CelType,
} from '../types/cel-type.ts';

/** Takes values of the overload's argument types and gives one of its result type, or a CelError. */
export type Implementation = (...args: never[]) => CelValue;

/**
 * A library as its source shows it: overloads by function, in upstream's order. The signature is of the form
 * `(int, list(A)) bool`, or `string.(int) string` for a call on a target. Single capitals are type parameters.
 */
export type Library = Readonly<Record<string, FunctionRow>>;

export interface FunctionRow {
  readonly overloads: Readonly<Record<string, readonly [signature: string, call?: Implementation]>>;
  /** One implementation for all overloads, which looks at its arguments itself. */
  readonly call?: Implementation;
  /** Errors are arguments too. */
  readonly nonStrict?: boolean;
  /** What the first argument must be able to do at run time. */
  readonly accepts?: (value: CelValue) => boolean;
  /** Overloads are called whatever the types of their arguments are. */
  readonly unguarded?: boolean;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
  readonly call?: Implementation;
  readonly nonStrict: boolean;
  readonly accepts?: (value: CelValue) => boolean;
  readonly unguarded: boolean;
}

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  /** With the target first. */
  readonly args: readonly CelType[];
  readonly result: CelType;
  /** Type parameters by name. */
  readonly parameters: readonly string[];
  readonly call?: Implementation;
}

/** Types by the names that signatures use for them. */
export type NamedTypes = ReadonlyMap<string, CelType>;

/** The rows that several libraries have for one function, together. */
export function declareFunction(name: string, rows: readonly FunctionRow[], named: NamedTypes): FunctionDeclaration {
  const overloads = rows.flatMap((row) =>
    Object.entries(row.overloads).map(([id, [signature, call]]) => ({
      id,
      ...parseSignature(signature, named),
      ...(call && { call }),
    })),
  );
  const call = rows.find((row) => row.call)?.call;
  const accepts = rows.find((row) => row.accepts)?.accepts;
  return {
    name,
    overloads,
    nonStrict: rows.some((row) => row.nonStrict),
    unguarded: rows.some((row) => row.unguarded),
    ...(call && { call }),
    ...(accepts && { accepts }),
  };
}

const SIMPLE_TYPES: Readonly<Record<string, CelType>> = {
  any: ANY,
  bool: BOOL,
  bytes: BYTES,
  double: DOUBLE,
  duration: DURATION,
  dyn: DYN,
  int: INT,
  null: NULL,
  string: STRING,
  timestamp: TIMESTAMP,
  type: TYPE,
  uint: UINT,
};

export function parseSignature(signature: string, named: NamedTypes): Omit<Overload, 'id' | 'call'> {
  const reader = new SignatureReader(signature, named);
  const member = !signature.startsWith('(');
  const args: CelType[] = [];
  if (member) {
    args.push(reader.type());
    reader.skip('.');
  }
  args.push(...reader.types());
  reader.skip(' ');
  const result = reader.type();
  return { member, args, result, parameters: [...reader.parameters] };
}

class SignatureReader {
  readonly #text: string;
  readonly #named: NamedTypes;
  readonly parameters: Set<string> = new Set();
  #offset = 0;

  constructor(text: string, named: NamedTypes) {
    this.#text = text;
    this.#named = named;
  }

  /** `(a, b)` */
  types(): CelType[] {
    const types: CelType[] = [];
    this.skip('(');
    while (!this.#at(')')) {
      types.push(this.type());
      if (this.#at(',')) this.skip(', ');
    }
    this.skip(')');
    return types;
  }

  type(): CelType {
    const name = /[\w.]*\w/y;
    name.lastIndex = this.#offset;
    const word = name.exec(this.#text)![0];
    this.#offset += word.length;
    const parameters = this.#at('(') ? this.types() : [];
    if (/^[A-Z]$/.test(word)) {
      this.parameters.add(word);
      return parameterType(word);
    }
    if (word === 'list') return listOf(parameters[0]!);
    if (word === 'map') return mapOf(parameters[0]!, parameters[1]!);
    if (word === 'type' && parameters[0]) return typeOf(parameters[0]);
    return SIMPLE_TYPES[word] ?? this.#named.get(word) ?? opaqueType(word, ...parameters);
  }

  skip(expected: string): void {
    if (!this.#text.startsWith(expected, this.#offset)) {
      throw new Error(`signature ${this.#text}: expected ${expected} at ${this.#offset}`);
    }
    this.#offset += expected.length;
  }

  #at(character: string): boolean {
    return this.#text[this.#offset] === character;
  }
}
