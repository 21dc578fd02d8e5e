import { keyIdentity, iterate } from './collections.ts';
import type { Frame } from './frame.ts';
import { CelError, isList, type CelUint, type CelValue } from './value.ts';

type Step = (frame: Frame) => CelValue;

/**
 * `x in [constants]` as a look-up in a set; free of charge, as it is upstream. Undefined: the list is not made of scalars.
 *
 * Mirrors: github.com/google/cel-go/interpreter/decorators.go: maybeOptimizeSetMembership
 */
export function planMembership(item: Step, list: CelValue): Step | { readonly constant: false } | undefined {
  if (!isList(list)) return undefined;
  if (list.size === 0) return { constant: false };
  const identities = new Set<unknown>();
  for (const value of iterate(list)) {
    if (!isHashable(value)) return undefined;
    if (!Number.isNaN(value)) identities.add(keyIdentity(value));
  }
  return (frame) => {
    const value = item(frame);
    return value instanceof CelError ? value : identities.has(keyIdentity(value));
  };
}

function isHashable(value: CelValue): boolean {
  if (typeof value !== 'object') return true;
  return value !== null && (value as CelUint).kind === 'uint';
}
