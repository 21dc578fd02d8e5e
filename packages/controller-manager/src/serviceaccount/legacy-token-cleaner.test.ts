import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, namespaces, secrets, serviceAccounts } from '@kts/api';
import type { Pod, Secret, ServiceAccount } from '@kts/api/types/core-v1';
import { isNotFound } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { podOn } from '../nodes/testing/node-objects.ts';
import { startControllers } from '../testing/controller-harness.ts';
import { mountsSecret, planToken, type TokenUse } from './legacy-token-cleaner.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 31, 12);
const date = (daysAgo: number): string => formatTime(NOW - daysAgo * DAY_MS).slice(0, 10);

interface Fields {
  readonly age?: number;
  readonly lastUsed?: string;
  readonly invalidSince?: string;
  readonly type?: string;
}

function token({
  age = 100,
  lastUsed,
  invalidSince,
  type = 'kubernetes.io/service-account-token',
}: Fields = {}): Secret {
  const { metadata } = podOn({ name: 'token' });
  const labels = {
    ...(lastUsed === undefined ? {} : { 'kubernetes.io/legacy-token-last-used': lastUsed }),
    ...(invalidSince === undefined ? {} : { 'kubernetes.io/legacy-token-invalid-since': invalidSince }),
  };
  return { metadata: { ...metadata, creationTimestamp: formatTime(NOW - age * DAY_MS), labels }, type };
}

const account = (...names: readonly string[]): ServiceAccount => ({
  metadata: podOn({ name: 'default' }).metadata,
  secrets: names.map((name) => ({ name })),
});

describe('planToken', () => {
  const plan = (fields: Fields, more: Partial<TokenUse> = {}): string =>
    planToken({
      secret: token(fields),
      account: account('token'),
      isMounted: false,
      now: NOW,
      periodMs: 30 * DAY_MS,
      ...more,
    });
  for (const [name, actual, expected] of [
    ['never used', plan({}), 'mark'],
    ['used long ago', plan({ lastUsed: date(60) }), 'mark'],
    ['used not long ago', plan({ lastUsed: date(10) }), 'keep'],
    ['used at a time that is none', plan({ lastUsed: 'yesterday' }), 'keep'],
    ['new', plan({ age: 10 }), 'keep'],
    ['another type', plan({ type: 'Opaque' }), 'keep'],
    ['mounted', plan({}, { isMounted: true }), 'keep'],
    ['made by hand', plan({}, { account: account('other') }), 'keep'],
    ['without an account', plan({}, { account: undefined }), 'keep'],
    ['marked not long ago', plan({ invalidSince: date(10) }), 'keep'],
    ['marked long ago', plan({ invalidSince: date(60) }), 'delete'],
    ['marked long ago, used since', plan({ invalidSince: date(60), lastUsed: date(1) }), 'keep'],
    ['marked wrongly', plan({ invalidSince: 'soon' }), 'mark'],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }
});

describe('mountsSecret', () => {
  const base = podOn({ name: 'web' });
  const pod = (spec: Partial<Pod['spec']>): Pod => ({ ...base, spec: { ...base.spec, ...spec } });
  const container = (fields: object): Pod => pod({ containers: [{ name: 'main', ...fields }] });
  for (const [name, each, expected] of [
    ['nothing', pod({}), false],
    ['a volume', pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }), true],
    ['another', pod({ volumes: [{ name: 'v', secret: { secretName: 't' } }] }), false],
    [
      'a part of a volume',
      pod({ volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] }),
      true,
    ],
    ['to pull images', pod({ imagePullSecrets: [{ name: 's' }] }), true],
    ['a variable', container({ env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }), true],
    ['all variables', container({ envFrom: [{ secretRef: { name: 's' } }] }), true],
    ['in an init container', pod({ initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's' } }] }] }), true],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(mountsSecret(each, 's'), expected));
  }
});

describe('the cleaner of old tokens', () => {
  it('marks a token first, and deletes it after as long again', async () => {
    await using cluster = await startControllers(['legacy-serviceaccount-token-cleaner-controller'], {
      config: { legacyServiceAccountTokenCleanUpPeriodMs: 30 * DAY_MS },
    });
    const { client, clock } = cluster;
    await client.create(namespaces, { metadata: { name: 'kube-system' }, spec: {}, status: {} }).catch(() => {});
    const tracking = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
    const since = formatTime(clock.now()).slice(0, 10);
    await client.create(configMaps, { metadata: tracking, data: { since } });
    const key = { namespace: 'default', name: 'token' };
    await client.create(secrets, {
      metadata: { ...key, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
    });
    await client.create(serviceAccounts, {
      metadata: { namespace: 'default', name: 'robot' },
      secrets: [{ name: 'token' }],
    });
    await clock.advance(20 * DAY_MS);
    await cluster.settle();
    assert.equal((await client.get(secrets, key)).metadata.labels, undefined);
    await clock.advance(15 * DAY_MS);
    await cluster.settle();
    assert.ok((await client.get(secrets, key)).metadata.labels?.['kubernetes.io/legacy-token-invalid-since']);
    await clock.advance(35 * DAY_MS);
    await cluster.settle();
    await assert.rejects(client.get(secrets, key), isNotFound);
  });
});
