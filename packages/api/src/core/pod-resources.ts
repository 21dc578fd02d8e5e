/**
 * What a whole pod asks for and may use.
 *
 * Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go (v1.36)
 */
import { formatQuantity, quantityAdd, quantityCompare, type Quantity } from '@kts/apimachinery';
import type { Container, Pod } from '../gen/core-v1.gen.ts';

export type ResourceAmounts = Readonly<Record<string, Quantity>>;

export const podRequests = (pod: Pod): ResourceAmounts => podAmounts(pod, 'requests');
export const podLimits = (pod: Pod): ResourceAmounts => podAmounts(pod, 'limits');

/**
 * Containers and sidecars run together; each other init container runs alone with the sidecars before it. Amounts for
 * the pod as a whole come before those of its containers, and the runtime's overhead comes on top.
 */
function podAmounts(pod: Pod, field: 'requests' | 'limits'): ResourceAmounts {
  const amountsOf = (container: Container): ResourceAmounts => container.resources?.[field] ?? {};
  let running = sumAmounts(pod.spec.containers.map(amountsOf));
  let sidecars: ResourceAmounts = {};
  let starting: ResourceAmounts = {};
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      sidecars = sumAmounts([sidecars, amountsOf(container)]);
      starting = maxAmounts(starting, sidecars);
    } else starting = maxAmounts(starting, sumAmounts([sidecars, amountsOf(container)]));
  }
  running = maxAmounts(sumAmounts([running, sidecars]), starting);
  const whole = pod.spec.resources?.[field] ?? {};
  const own = { ...running, ...whole };
  const overhead = pod.spec.overhead ?? {};
  const counted =
    field === 'requests' ? overhead : Object.fromEntries(Object.entries(overhead).filter(([name]) => name in own));
  return sumAmounts([own, counted]);
}

export function sumAmounts(lists: readonly ResourceAmounts[]): ResourceAmounts {
  const sum: Record<string, Quantity> = {};
  for (const list of lists) {
    for (const [name, amount] of Object.entries(list)) {
      const before = sum[name];
      sum[name] = before === undefined ? amount : formatQuantity(quantityAdd(before, amount));
    }
  }
  return sum;
}

function maxAmounts(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const most: Record<string, Quantity> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = most[name];
    if (other === undefined || quantityCompare(amount, other) > 0) most[name] = amount;
  }
  return most;
}
