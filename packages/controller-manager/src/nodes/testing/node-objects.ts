import type { Node, NodeCondition, Pod, Taint, Toleration } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

/** Builders for tests of what controllers decide about nodes and their pods. */
export const NOW = parseTime('2026-01-01T12:00:00Z');

export interface NodeFields {
  readonly name?: string;
  readonly ready?: NodeCondition['status'];
  readonly conditions?: readonly NodeCondition[];
  readonly taints?: readonly Taint[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly unschedulable?: boolean;
  /** Milliseconds ago. */
  readonly age?: number;
}

export function node(fields: NodeFields = {}): Node {
  const { name = 'one', ready, conditions = [], taints, labels, unschedulable, age = 0 } = fields;
  const lastHeartbeatTime = formatTime(NOW - age);
  return {
    metadata: { ...metadata(name, age), ...(labels ? { labels } : {}) },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: { conditions: [...(ready ? [{ type: 'Ready', status: ready, lastHeartbeatTime }] : []), ...conditions] },
  };
}

export interface NodePodFields {
  readonly name: string;
  readonly node?: string;
  readonly phase?: NonNullable<Pod['status']>['phase'];
  readonly reason?: string;
  readonly isDeleted?: boolean;
  readonly tolerations?: readonly Toleration[];
  readonly age?: number;
}

export function podOn(fields: NodePodFields): Pod {
  const { name, node: nodeName, phase = 'Running', reason, isDeleted, tolerations, age = 0 } = fields;
  return {
    metadata: {
      ...metadata(name, age),
      namespace: 'default',
      ...(isDeleted ? { deletionTimestamp: formatTime(NOW) } : {}),
    },
    spec: {
      containers: [{ name: 'main' }],
      ...(nodeName ? { nodeName } : {}),
      ...(tolerations ? { tolerations } : {}),
    },
    status: { phase, ...(reason ? { reason } : {}) },
  };
}

function metadata(name: string, age: number): Node['metadata'] {
  return { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: formatTime(NOW - age) };
}
