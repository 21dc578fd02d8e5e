/**
 * Whether a node still answers: its kubelet renews a lease, and now and then writes the node's status. Pure.
 *
 * Mirrors: tryUpdateNodeHealth in pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36)
 */
import type { Lease } from '@kts/api/types/coordination-v1';
import type { Node, NodeCondition } from '@kts/api/types/core-v1';
import { deepEqual, parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { nodeCondition } from '../nodes/node-state.ts';

/** What was last seen of a node, and when that was, by this program's own clock. */
export interface NodeHealth {
  readonly ready: NodeCondition | undefined;
  readonly renewTime: string | undefined;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

export interface HealthInput {
  readonly node: Node;
  readonly lease: Lease | undefined;
  readonly health: NodeHealth | undefined;
  readonly now: number;
  readonly monitorGracePeriodMs: number;
  readonly startupGracePeriodMs: number;
}

export type ReadyStatus = NodeCondition['status'];

export interface Assessment {
  readonly health: NodeHealth;
  /** To be written: the node has been silent for too long. */
  readonly conditions: readonly NodeCondition[] | undefined;
  /** As the node says. */
  readonly observed: ReadyStatus;
  /** As it counts from now on; undefined while a new node has not said anything. */
  readonly current: ReadyStatus | undefined;
}

/** The conditions that nobody but the kubelet can know. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

export function assessHealth(input: HealthInput): Assessment {
  const { node, now } = input;
  const ready = nodeCondition(node, 'Ready');
  const health = seenNow(input, ready);
  const gracePeriodMs = ready ? input.monitorGracePeriodMs : input.startupGracePeriodMs;
  const seen = { health, observed: ready?.status ?? 'Unknown' } as const;
  if (now <= health.seenAt + gracePeriodMs) return { ...seen, conditions: undefined, current: ready?.status };
  const conditions = silentConditions(node, now);
  const isChanged = !deepEqual(conditions.find(({ type }) => type === 'Ready') ?? null, ready ?? null);
  return { ...seen, conditions: isChanged ? conditions : undefined, current: 'Unknown' };
}

/** The health with whatever is new about the node. */
function seenNow({ node, lease, health, now }: HealthInput, ready: NodeCondition | undefined): NodeHealth {
  const renewTime = lease?.spec?.renewTime;
  const isRenewed =
    renewTime !== undefined && (!health?.renewTime || parseTime(health.renewTime) < parseTime(renewTime));
  if (isRenewed) return { ready, renewTime, seenAt: now };
  if (!health) {
    return { ready, renewTime, seenAt: ready ? now : parseTime(node.metadata.creationTimestamp) };
  }
  const hasSpoken = (health.ready === undefined) !== (ready === undefined);
  const isNew = hasSpoken || health.ready?.lastHeartbeatTime !== ready?.lastHeartbeatTime;
  return { ready, renewTime: health.renewTime, seenAt: isNew ? now : health.seenAt };
}

function silentConditions(node: Node, now: number): readonly NodeCondition[] {
  const conditions = node.status?.conditions ?? [];
  const lastTransitionTime = formatTime(now);
  const silenced = conditions.map((condition): NodeCondition => {
    const isKubelets = KUBELET_CONDITIONS.some((type) => type === condition.type);
    if (!isKubelets || condition.status === 'Unknown') return condition;
    const message = 'Kubelet stopped posting node status.';
    return { ...condition, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime };
  });
  const missing = KUBELET_CONDITIONS.filter((type) => !conditions.some((condition) => condition.type === type));
  const added = missing.map((type): NodeCondition => ({
    type,
    status: 'Unknown',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime,
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
  }));
  return [...silenced, ...added];
}
