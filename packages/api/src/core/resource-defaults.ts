import { formatQuantity, parseQuantity, quantityScaled, type Draft } from '@kts/apimachinery';
import type { ResourceList } from './resource-list.ts';

/** Amounts finer than a thousandth are rounded up, as clients have come to expect. */
export function roundUpAmounts(amounts: Draft<ResourceList> | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    if (!/[nu]$|\.\d{4}|[eE]-/.test(amount)) continue;
    const { format } = parseQuantity(amount);
    amounts![name] = formatQuantity({ unscaled: quantityScaled(amount, -3), scale: -3, format });
  }
}
