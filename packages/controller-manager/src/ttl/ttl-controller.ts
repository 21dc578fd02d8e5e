/**
 * Tells every node how long its kubelet may believe what it has read, which grows with the cluster.
 *
 * Mirrors: pkg/controller/ttl/ttl_controller.go (v1.36)
 */
import { nodes } from '@kts/api';
import type { Node } from '@kts/api/types/core-v1';
import { defineController, type AnyControllerDefinition } from '@kts/controlkit';

const ANNOTATION = 'node.alpha.kubernetes.io/ttl';
/** Neighbours overlap, so that a node more or less does not change them all back and forth. */
const STEPS = [
  { nodesMin: 0, nodesMax: 100, seconds: 0 },
  { nodesMin: 90, nodesMax: 500, seconds: 15 },
  { nodesMin: 450, nodesMax: 1000, seconds: 30 },
  { nodesMin: 900, nodesMax: 2000, seconds: 60 },
  { nodesMin: 1800, nodesMax: Infinity, seconds: 300 },
] as const;

interface Observed {
  readonly node: Node;
  readonly seconds: number;
}

export function ttlController(): AnyControllerDefinition {
  let step = 0;
  return defineController<Node, Observed, string | undefined>({
    name: 'ttl-controller',
    for: nodes,
    observe: (key, { informers }) => {
      step = nextStep(step, informers.get(nodes).list().length);
      const node = informers.get(nodes).get(key);
      return node && { node, seconds: STEPS[step]!.seconds };
    },
    plan: ({ node, seconds }) => {
      const known = node.metadata.annotations?.[ANNOTATION] ?? '';
      return /^[+-]?\d+$/.test(known) && Number(known) === seconds ? undefined : String(seconds);
    },
    apply: async (value, { node }, { client, signal }) => {
      if (value === undefined) return;
      const body = { metadata: { annotations: { [ANNOTATION]: value } } };
      await client.patch(nodes, node.metadata, { type: 'strategic', body }, { signal });
    },
  });
}

export function nextStep(step: number, nodeCount: number): number {
  let next = step;
  while (nodeCount > STEPS[next]!.nodesMax) next++;
  while (nodeCount < STEPS[next]!.nodesMin) next--;
  return next;
}
