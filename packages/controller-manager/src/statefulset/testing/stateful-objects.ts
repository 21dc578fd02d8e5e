import type { ControllerRevision, StatefulSet, StatefulSetSpec, StatefulSetStatus } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import { parseTime, type OwnerReference } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import type { Observed, Revisions } from '../plan-statefulset.ts';
import { REVISION_LABEL } from '../stateful-pod.ts';

/** Builders for tests of the StatefulSet controller's decisions. */
export const NOW = parseTime('2026-01-01T12:00:00Z');

export function statefulSet(spec: Partial<StatefulSetSpec> = {}, status: Partial<StatefulSetStatus> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadata('db'), generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main' }] } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
    status: { replicas: 0, ...status },
  };
}

/** `+` ready, `-` not ready, `.` pending, `x` failed, `~` on its way out (and ready). */
export type PodState = '+' | '-' | '.' | 'x' | '~';

export function statefulPod(ordinal: number, state: PodState, revision = 'new', readyAgo = 60_000): Pod {
  const name = `db-${ordinal}`;
  const phase = state === '.' ? 'Pending' : state === 'x' ? 'Failed' : 'Running';
  const isReady = state === '+' || state === '~';
  const lastTransitionTime = formatTime(NOW - readyAgo);
  return {
    metadata: {
      ...metadata(name),
      labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': name, [REVISION_LABEL]: revision },
      ...(state === '~' ? { deletionTimestamp: formatTime(NOW) } : {}),
    },
    spec: { containers: [{ name: 'main' }] },
    status: { phase, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime }] },
  };
}

export function revision(name: string, number = 1, image = 'db:1'): ControllerRevision {
  const template = { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image }] } };
  return {
    metadata: metadata(name),
    data: { spec: { template: { ...template, $patch: 'replace' } } },
    revision: number,
  };
}

export const REVISIONS: Revisions = { current: revision('old'), update: revision('new', 2, 'db:2'), collisions: 0 };

export function claim(name: string, ...owners: readonly OwnerReference[]): PersistentVolumeClaim {
  return { metadata: { ...metadata(name), ownerReferences: owners }, spec: {} };
}

export function observed(fields: Partial<Observed>): Observed {
  return { set: statefulSet(), pods: [], claims: new Map(), now: NOW, ...fields };
}

function metadata(name: string): Pod['metadata'] {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: formatTime(NOW - 3_600_000),
  };
}
