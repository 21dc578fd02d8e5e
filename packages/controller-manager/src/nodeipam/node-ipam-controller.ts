/**
 * Gives every node a range for its pods.
 *
 * Mirrors: pkg/controller/nodeipam (v1.36)
 */
import { nodes } from '@kts/api';
import type { Node } from '@kts/api/types/core-v1';
import { defineController, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { parsePrefix } from '../network/ip-prefix.ts';
import { NodeRange } from './node-range.ts';

type Options = Pick<
  ControllerManagerConfig,
  'clusterCIDRs' | 'serviceCIDRs' | 'nodeCIDRMaskSizeIPv4' | 'nodeCIDRMaskSizeIPv6'
>;

interface Observed {
  readonly node: Node;
}

const PATCH_TRIES = 3;
const WORKERS = 30;

/** @throws RangeError if the configuration's ranges do not go together */
export function nodeIpamController(options: Options): AnyControllerDefinition {
  const ranges = nodeRanges(options);
  return defineController<Node, Observed, Node>({
    name: 'node-ipam-controller',
    for: nodes,
    workers: WORKERS,
    setup: ({ informers, log }) => {
      // Before any node is worked on, what nodes have already is taken.
      informers.get(nodes).subscribe({
        onAdd: (node) => tolerant(log, () => occupy(node, ranges)),
        onDelete: (node) => tolerant(log, () => release(node, ranges)),
      });
    },
    changed: (old, node) => rangesOf(old).join() !== rangesOf(node).join() || rangesOf(node).length === 0,
    observe: (key, { informers }) => {
      const node = informers.get(nodes).get(key);
      return node && node.metadata.deletionTimestamp === undefined ? { node } : undefined;
    },
    plan: ({ node }) => node,
    apply: async (node, _observed, context) => {
      if (rangesOf(node).length > 0) occupy(node, ranges);
      else await assign(node, ranges, context);
    },
  });
}

/** A range per cluster range, less what services use. */
export function nodeRanges(options: Options): readonly NodeRange[] {
  const { clusterCIDRs, serviceCIDRs } = options;
  if (clusterCIDRs.length === 0) throw new RangeError('--cluster-cidr is needed to allocate ranges for nodes');
  const families = clusterCIDRs.map((text) => parsePrefix(text)?.family);
  if (clusterCIDRs.length > 2 || new Set(families).size < clusterCIDRs.length) {
    throw new RangeError('--cluster-cidr must be one range, or one of IPv4 and one of IPv6');
  }
  return clusterCIDRs.map((text, index) => {
    const length = families[index] === 'IPv6' ? options.nodeCIDRMaskSizeIPv6 : options.nodeCIDRMaskSizeIPv4;
    const range = new NodeRange(text, length);
    for (const services of serviceCIDRs) if (range.overlaps(services)) range.occupy(services);
    return range;
  });
}

async function assign(node: Node, ranges: readonly NodeRange[], context: ControllerContext): Promise<void> {
  const given: string[] = [];
  for (const [index, range] of ranges.entries()) {
    const block = range.allocate();
    if (block === undefined) {
      given.forEach((each, at) => ranges[at]!.release(each));
      tell(node, 'CIDRNotAvailable', context);
      throw new Error(
        `failed to allocate cidr from cluster cidr at idx:${index}: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range`,
      );
    }
    given.push(block);
  }
  try {
    await patchNode(node, given, context);
  } catch (error) {
    tell(node, 'CIDRAssignmentFailed', context);
    given.forEach((each, at) => ranges[at]!.release(each));
    throw error;
  }
}

async function patchNode(
  node: Node,
  podCIDRs: readonly string[],
  { client, signal }: ControllerContext,
): Promise<void> {
  const body = { spec: { podCIDR: podCIDRs[0], podCIDRs } };
  for (let tries = 1; ; tries++) {
    try {
      await client.patch(nodes, node.metadata, { type: 'strategic', body }, { signal });
      return;
    } catch (error) {
      if (tries >= PATCH_TRIES || signal.aborted) throw error;
    }
  }
}

function tell({ metadata: { name, uid } }: Node, reason: string, { events }: ControllerContext): void {
  const reference = { apiVersion: 'v1', kind: 'Node', name, uid };
  events.event(reference, 'Normal', reason, `Node ${name} status is now: ${reason}`);
}

function occupy(node: Node, ranges: readonly NodeRange[]): void {
  eachRange(node, ranges, (range, text) => range.occupy(text));
}

function release(node: Node, ranges: readonly NodeRange[]): void {
  eachRange(node, ranges, (range, text) => range.release(text));
}

function eachRange(node: Node, ranges: readonly NodeRange[], use: (range: NodeRange, text: string) => void): void {
  for (const [index, text] of rangesOf(node).entries()) {
    const range = ranges[index];
    if (!range) {
      throw new RangeError(
        `node:${node.metadata.name} has an allocated cidr: ${text} at index:${index} that does not exist in cluster cidrs configuration`,
      );
    }
    use(range, text);
  }
}

function rangesOf({ spec }: Node): readonly string[] {
  return spec?.podCIDRs ?? [];
}

function tolerant(log: ControllerContext['log'], work: () => void): void {
  try {
    work();
  } catch (error) {
    log.error('a range of a node does not fit', { error });
  }
}
