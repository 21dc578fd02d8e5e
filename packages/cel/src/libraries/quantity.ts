import {
  QuantityError,
  parseQuantity,
  quantityAdd,
  quantityCompare,
  quantityOf,
  quantityScaled,
  quantitySub,
  quantityToFloat,
  type QuantityValue,
} from '@kts/apimachinery';

import type { Library } from '../check/function-declaration.ts';
import { CelError, CelOpaque, type CelValue } from '../evaluate/value.ts';
import { QUANTITY } from './kubernetes-types.ts';

/**
 * Resource amounts.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go, quantity.go (v1.36)
 */
type Quantity = CelOpaque<QuantityValue>;

export const quantityLibrary: Library = {
  quantity: { overloads: { string_to_quantity: ['(string) kubernetes.Quantity', fromText] } },
  isQuantity: { overloads: { is_quantity_string: ['(string) bool', (text: string) => isKnown(fromText(text))] } },
  sign: {
    overloads: {
      quantity_sign: ['(kubernetes.Quantity) int', (value: Quantity) => sign(value.content.unscaled)],
    },
  },
  isGreaterThan: {
    overloads: {
      quantity_is_greater_than: [
        'kubernetes.Quantity.(kubernetes.Quantity) bool',
        (a: Quantity, b: Quantity) => quantityCompare(a.content, b.content) > 0,
      ],
    },
  },
  isLessThan: {
    overloads: {
      quantity_is_less_than: [
        'kubernetes.Quantity.(kubernetes.Quantity) bool',
        (a: Quantity, b: Quantity) => quantityCompare(a.content, b.content) < 0,
      ],
    },
  },
  compareTo: {
    overloads: {
      quantity_compare_to: [
        'kubernetes.Quantity.(kubernetes.Quantity) int',
        (a: Quantity, b: Quantity) => BigInt(Math.sign(quantityCompare(a.content, b.content))),
      ],
    },
  },
  asApproximateFloat: {
    overloads: {
      quantity_get_float: ['kubernetes.Quantity.() double', (value: Quantity) => quantityToFloat(value.content)],
    },
  },
  asInteger: {
    overloads: {
      quantity_get_int: [
        'kubernetes.Quantity.() int',
        (value: Quantity) => asInteger(value) ?? new CelError('cannot convert value to integer'),
      ],
    },
  },
  isInteger: {
    overloads: {
      quantity_is_integer: ['kubernetes.Quantity.() bool', (value: Quantity) => asInteger(value) !== undefined],
    },
  },
  add: {
    overloads: {
      quantity_add: [
        'kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity',
        (a: Quantity, b: Quantity) => quantityValue(quantityAdd(a.content, b.content)),
      ],
      quantity_add_int: [
        'kubernetes.Quantity.(int) kubernetes.Quantity',
        (a: Quantity, b: bigint) => quantityValue(quantityAdd(a.content, quantityOf(b, 'decimalExponent'))),
      ],
    },
  },
  sub: {
    overloads: {
      quantity_sub: [
        'kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity',
        (a: Quantity, b: Quantity) => quantityValue(quantitySub(a.content, b.content)),
      ],
      quantity_sub_int: [
        'kubernetes.Quantity.(int) kubernetes.Quantity',
        (a: Quantity, b: bigint) => quantityValue(quantitySub(a.content, quantityOf(b, 'decimalExponent'))),
      ],
    },
  },
};

/** An amount as a value of expressions. */
export function quantityValue(quantity: QuantityValue): CelValue {
  return new CelOpaque(QUANTITY, quantity, sameAmount);
}

function sameAmount(a: QuantityValue, b: QuantityValue): boolean {
  return quantityCompare(a, b) === 0;
}

function fromText(text: string): CelValue {
  try {
    return quantityValue(parseQuantity(text));
  } catch (error) {
    if (error instanceof QuantityError) return new CelError(error.message);
    throw error;
  }
}

function isKnown(value: CelValue): boolean {
  return !(value instanceof CelError);
}

function sign(value: bigint): bigint {
  if (value === 0n) return 0n;
  return value > 0n ? 1n : -1n;
}

/** Undefined: a fraction, or more than 64 bits. */
function asInteger({ content }: Quantity): bigint | undefined {
  const value = quantityScaled(content, 0);
  const exact = content.scale >= 0 || value * 10n ** BigInt(-content.scale) === content.unscaled;
  return exact && BigInt.asIntN(64, value) === value ? value : undefined;
}
