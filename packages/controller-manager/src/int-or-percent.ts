import type { IntOrString } from '@kts/apimachinery';

/**
 * A number, or a percentage of `total` rounded up or down. Anything else is refused by validation and counts as 0 here.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/intstr, GetScaledValueFromIntOrPercent (v1.36)
 */
export function scaledValue(value: IntOrString | undefined, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value ?? '')?.[1];
  if (percent === undefined) return 0;
  const exact = (Number(percent) * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
