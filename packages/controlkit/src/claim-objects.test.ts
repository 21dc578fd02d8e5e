import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { notFound } from '@kts/apimachinery';
import { Client } from '@kts/client';
import { answer, ScriptedTransport, statusAnswer } from '@kts/client/testing';

import { claimObjects, planClaims } from './claim-objects.ts';
import { item, items, ownedBySet, set, sets } from './testing/objects.ts';

const web = set('web', 5, 1);
const mine = ownedBySet(web);
const labels = { app: 'web' };
const matches = (object: { metadata: { labels?: Readonly<Record<string, string>> } }): boolean =>
  object.metadata.labels?.['app'] === 'web';

describe('planClaims', () => {
  const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const rows: readonly [string, ReturnType<typeof item>, typeof web, 'owned' | 'adopt' | 'release' | undefined][] = [
    ['owned and matching', item('a', 1, { labels, ...mine }), web, 'owned'],
    ['owned and matching, owner going away', item('a', 1, { labels, ...mine }), set('web', 5, 1, deleting), 'owned'],
    ['owned, no longer matching', item('a', 1, mine), web, 'release'],
    ['owned, no longer matching, owner going away', item('a', 1, mine), set('web', 5, 1, deleting), undefined],
    ['owned by another', item('a', 1, { labels, ...ownedBySet(set('web', 1, 1, { uid: 'x' })) }), web, undefined],
    ['orphan and matching', item('a', 1, { labels }), web, 'adopt'],
    ['orphan, not matching', item('a', 1), web, undefined],
    ['orphan going away', item('a', 1, { labels, ...deleting }), web, undefined],
    ['orphan in another namespace', item('a', 1, { labels, namespace: 'other' }), web, undefined],
    ['orphan, owner going away', item('a', 1, { labels }), set('web', 5, 1, deleting), undefined],
  ];
  for (const [name, object, controller, expected] of rows) {
    test(name, () => {
      const claims = planClaims(controller, [object], matches);
      const found = (['owned', 'adopt', 'release'] as const).filter((part) => claims[part].length > 0);
      assert.deepEqual(found, expected ? [expected] : []);
    });
  }
});

describe('claimObjects', () => {
  const path = '/apis/test.kts.io/v1/namespaces/default';
  const objects = [
    item('own', 1, { labels, ...mine }),
    item('orphan', 1, { labels }),
    item('lost', 1, mine),
    item('gone', 1, { labels }),
  ];
  const claim = (transport: ScriptedTransport): Promise<readonly { metadata: { name: string } }[]> =>
    claimObjects({
      client: new Client(transport),
      type: items,
      controllerType: sets,
      controller: web,
      objects,
      matches,
    });

  test('adopts, releases, and leaves out what is gone', async () => {
    const transport = new ScriptedTransport();
    transport.reply(`GET ${path}/testsets/web`, answer(web));
    transport.reply(`PATCH ${path}/testitems/orphan`, answer(item('orphan', 2)));
    transport.reply(`PATCH ${path}/testitems/gone`, statusAnswer(notFound(items, 'gone')));
    const claimed = await claim(transport);
    assert.deepEqual(
      claimed.map(({ metadata }) => metadata.name),
      ['own', 'orphan'],
    );
    const owner = { ...mine.ownerReferences[0], blockOwnerDeletion: true };
    assert.deepEqual(transport.sent('PATCH'), [
      [
        `${path}/testitems/lost`,
        { metadata: { uid: 'uid-lost', ownerReferences: [{ $patch: 'delete', uid: 'uid-web' }] } },
      ],
      [`${path}/testitems/orphan`, { metadata: { uid: 'uid-orphan', ownerReferences: [owner] } }],
      [`${path}/testitems/gone`, { metadata: { uid: 'uid-gone', ownerReferences: [owner] } }],
    ]);
  });

  test('does not adopt for an owner that was replaced', async () => {
    const transport = new ScriptedTransport();
    transport.reply(`GET ${path}/testsets/web`, answer(set('web', 9, 1, { uid: 'newer' })));
    await assert.rejects(claim(transport), /original TestSet default\/web is gone: got uid newer, wanted uid-web/);
  });
});
