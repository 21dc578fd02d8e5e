import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pods } from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';

import { keepUnwritable } from './keep-unwritable.ts';
import { draftOf } from './object-draft.ts';

const spec = { containers: [{ name: 'a', image: 'x', resources: {} }], nodeName: 'n' };
const old = { metadata: { name: 'p' }, spec } as unknown as KubeObject;

function resized(sent: object): unknown {
  const draft = draftOf({ metadata: { name: 'p' }, spec: sent });
  keepUnwritable(pods, draft, old, 'resize');
  return draft['spec'];
}

test('a resize changes resources only, and is validated whole where it has other containers', () => {
  const resources = { limits: { cpu: '1' } };
  const rows: readonly (readonly [sent: object, kept: object])[] = [
    [
      { containers: [{ name: 'a', image: 'y', resources }] },
      { ...spec, containers: [{ name: 'a', image: 'x', resources }] },
    ],
    [
      { containers: [], dnsPolicy: 'None' },
      { containers: [], dnsPolicy: 'None' },
    ],
    [{ containers: [{ name: 'b' }] }, { ...spec, containers: [{ name: 'b' }] }],
  ];
  for (const [sent, kept] of rows) assert.deepEqual(resized(sent), kept);
});
