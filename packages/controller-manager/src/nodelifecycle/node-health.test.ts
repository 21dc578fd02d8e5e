import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Lease } from '@kts/api/types/coordination-v1';
import { formatMicroTime } from '@kts/base';

import { node, NOW, type NodeFields } from '../nodes/testing/node-objects.ts';
import { assessHealth, type Assessment, type NodeHealth } from './node-health.ts';

const GRACE_MS = 40_000;
const STARTUP_MS = 60_000;

const lease = (renewedAt: number): Lease => ({
  metadata: {
    name: 'one',
    namespace: 'kube-node-lease',
    uid: 'uid-lease',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { renewTime: formatMicroTime(renewedAt) },
});

function assess(fields: NodeFields, health: NodeHealth | undefined, now: number, renewedAt?: number): Assessment {
  return assessHealth({
    node: node(fields),
    lease: renewedAt === undefined ? undefined : lease(renewedAt),
    health,
    now,
    monitorGracePeriodMs: GRACE_MS,
    startupGracePeriodMs: STARTUP_MS,
  });
}

describe('assessHealth', () => {
  it('gives a node that was never looked at the whole grace period', () => {
    const { health, conditions, current } = assess({ ready: 'True', age: 3_600_000 }, undefined, NOW);
    assert.deepEqual([health.seenAt, conditions, current], [NOW, undefined, 'True']);
  });

  it('declares it silent when that is over', () => {
    const fields = { ready: 'True' } as const;
    const { health } = assess(fields, undefined, NOW);
    assert.equal(assess(fields, health, NOW + GRACE_MS).conditions, undefined);
    const { conditions, observed, current } = assess(fields, health, NOW + GRACE_MS + 1);
    assert.deepEqual([observed, current], ['True', 'Unknown']);
    assert.deepEqual(
      conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      [
        'Ready Unknown NodeStatusUnknown',
        'MemoryPressure Unknown NodeStatusNeverUpdated',
        'DiskPressure Unknown NodeStatusNeverUpdated',
        'PIDPressure Unknown NodeStatusNeverUpdated',
      ],
    );
  });

  it('hears it by its lease', () => {
    const fields = { ready: 'True' } as const;
    const first = assess(fields, undefined, NOW, NOW);
    const renewed = assess(fields, first.health, NOW + GRACE_MS, NOW + 10_000);
    assert.equal(renewed.health.seenAt, NOW + GRACE_MS);
    const same = assess(fields, renewed.health, NOW + GRACE_MS + 1, NOW + 10_000);
    assert.equal(same.health.seenAt, NOW + GRACE_MS);
  });

  it('hears it by its status', () => {
    const { health } = assess({ ready: 'True', age: 1000 }, undefined, NOW);
    assert.equal(assess({ ready: 'True', age: 0 }, health, NOW + 5000).health.seenAt, NOW + 5000);
  });

  it('counts from its creation while it has never spoken', () => {
    const { conditions, current } = assess({ age: STARTUP_MS }, undefined, NOW);
    assert.deepEqual([conditions, current], [undefined, undefined]);
    const late = assess({ age: STARTUP_MS + 1000 }, undefined, NOW);
    assert.equal(late.conditions?.[0]?.message, 'Kubelet never posted node status.');
  });

  it('writes nothing twice', () => {
    const { health } = assess({ ready: 'Unknown' }, undefined, NOW);
    const { conditions, current } = assess({ ready: 'Unknown' }, health, NOW + 3_600_000);
    assert.deepEqual([conditions, current], [undefined, 'Unknown']);
  });
});
