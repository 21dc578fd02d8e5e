import type { CelUint } from '../evaluate/value.ts';

/** A parsed expression. Macros are already expanded. Every node has an id, which positions, types and references go by. */
export type Expression =
  | LiteralExpression
  | IdentifierExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | ComprehensionExpression
  | UnspecifiedExpression;

export type Literal = null | boolean | bigint | number | string | Uint8Array | CelUint;

export interface LiteralExpression {
  readonly kind: 'literal';
  readonly id: number;
  readonly value: Literal;
}

export interface IdentifierExpression {
  readonly kind: 'identifier';
  readonly id: number;
  readonly name: string;
}

export interface SelectExpression {
  readonly kind: 'select';
  readonly id: number;
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)` */
  readonly testOnly: boolean;
}

export interface CallExpression {
  readonly kind: 'call';
  readonly id: number;
  readonly function: string;
  readonly target?: Expression;
  readonly args: readonly Expression[];
}

export interface ListExpression {
  readonly kind: 'list';
  readonly id: number;
  readonly elements: readonly Expression[];
  /** Indices of `?element`s. */
  readonly optionals: readonly number[];
}

export interface MapExpression {
  readonly kind: 'map';
  readonly id: number;
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly id: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface StructExpression {
  readonly kind: 'struct';
  readonly id: number;
  readonly typeName: string;
  readonly fields: readonly StructField[];
}

export interface StructField {
  readonly id: number;
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}

/** `result` of folding `range`: what the macros become. */
export interface ComprehensionExpression {
  readonly kind: 'comprehension';
  readonly id: number;
  readonly range: Expression;
  readonly variable: string;
  /** Value beside key or index. */
  readonly variable2?: string;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

/** Where an error has been reported. */
export interface UnspecifiedExpression {
  readonly kind: 'unspecified';
  readonly id: number;
}

/** The accumulator's name in macros: no identifier that can be written. */
export const ACCUMULATOR = '@result';
