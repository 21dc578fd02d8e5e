import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ServiceCIDR } from '@kts/api/types/networking-v1';

import { parseIpRange } from './ip-range.ts';
import { planReadyRanges } from './service-ranges.ts';

function range(
  name: string,
  cidrs: readonly string[],
  ready?: 'True' | 'False',
  deletionTimestamp?: string,
): ServiceCIDR {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const conditions = ready ? [{ type: 'Ready', status: ready, reason: '', message: '', lastTransitionTime }] : [];
  return {
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: lastTransitionTime,
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    },
    spec: { cidrs },
    status: { conditions },
  };
}

test('ranges are used while one of their objects is ready', () => {
  const own = ['10.96.0.0/16', 'fd00::/108'];
  const kubernetes = range('kubernetes', own, 'True');
  const rows: [string, readonly ServiceCIDR[], readonly string[]][] = [
    ['nothing written yet', [], own],
    ['only others', [range('more', ['10.97.0.0/16'])], [...own, '10.97.0.0/16']],
    ['its own', [kubernetes], own],
    ['another', [range('a', ['10.97.0.0/16'], 'True'), kubernetes], [...own, '10.97.0.0/16']],
    ['another that is not ready', [kubernetes, range('a', ['10.97.0.0/16'], 'False')], own],
    ['another that goes', [kubernetes, range('a', ['10.97.0.0/16'], 'True', '2026-01-02T00:00:00Z')], own],
    ['its own not ready', [range('kubernetes', own, 'False'), range('a', ['10.97.0.0/16'])], ['10.97.0.0/16']],
    ['its own not ready, but the same again', [range('kubernetes', own, 'False'), range('a', [own[0]!])], [own[0]!]],
  ];
  for (const [name, objects, expected] of rows) {
    const ready = planReadyRanges(objects, own.map(parseIpRange));
    assert.deepEqual(
      ready.map(({ text }) => text),
      expected,
      name,
    );
  }
});
