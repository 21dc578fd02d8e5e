import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { clusterRoles, flowSchemas, namespaces } from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';
import { silentLogger } from '@kts/base';

import { bootstrapObjects, type WantedObject } from './bootstrap-objects.ts';
import { ensureObjects, planBootstrap } from './ensure-objects.ts';
import { startTestApiServer } from '../testing/test-api-server.ts';
import { parseRules } from './rule-lines.ts';

const OPTIONS = { serviceRanges: ['10.96.0.0/16'], clientAuthority: 'a', frontProxyAuthority: 'b', now: 0 };
const wanted = bootstrapObjects(OPTIONS).flat();

const named = (item: WantedObject): string => (item.object as KubeObject).metadata.name;
const existing = (objects: readonly WantedObject[]) =>
  new Map(
    [...Map.groupBy(objects, (item) => item.resource)].map(([resource, items]) => [
      resource,
      new Map(items.map((item) => [named(item), item.object as KubeObject])),
    ]),
  );

describe('bootstrap objects', () => {
  const counts: readonly [string, number][] = [
    ['namespaces', 4],
    ['clusterroles', 69],
    ['clusterrolebindings', 50],
    ['roles', 7],
    ['rolebindings', 7],
    ['flowschemas', 11],
    ['prioritylevelconfigurations', 8],
    ['priorityclasses', 2],
    ['apiservices', 21],
  ];
  for (const [plural, count] of counts) {
    it(`${count} ${plural}`, () =>
      assert.equal(wanted.filter(({ resource }) => resource.plural === plural).length, count));
  }

  it('are all created in an empty cluster', () => {
    assert.equal(planBootstrap(wanted, new Map()).filter((step) => step.do === 'create').length, wanted.length);
  });

  it('are left alone when they are as they should be', () => {
    const cluster = wanted.filter((item) => !(item.object as KubeObject).metadata.namespace);
    assert.deepEqual(planBootstrap(cluster, existing(cluster)), []);
  });

  it('get back rules that were taken away, and keep rules that were added', () => {
    const own = { verbs: ['get'], apiGroups: ['example.com'], resources: ['things'] };
    const view = wanted.find((item) => named(item) === 'system:basic-user')!;
    const changed = { ...view, object: { ...view.object, rules: [own] } };
    const [step] = planBootstrap([view], existing([changed]));
    assert.equal(step?.do, 'update');
    const { rules } = (step as { object: { rules: unknown[] } }).object;
    assert.deepEqual(rules, [own, ...(view.object as { rules: unknown[] }).rules]);
  });

  it('stay changed where the administrator wants it so', () => {
    const metadata = {
      name: 'system:basic-user',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
    };
    const role = wanted.filter((item) => named(item) === metadata.name && item.resource === clusterRoles);
    const kept = new Map([[clusterRoles, new Map([[metadata.name, { metadata } as unknown as KubeObject]])]]);
    assert.deepEqual(planBootstrap(role, kept), []);
  });

  it('never touch namespaces that exist', () => {
    const spaces = wanted.filter(({ resource }) => resource === namespaces);
    const changed = spaces.map((item) => ({ ...item, object: { ...item.object, spec: { finalizers: [] } } }));
    assert.deepEqual(planBootstrap(spaces, existing(changed)), []);
  });
});

describe('rule lines', () => {
  const rows: readonly [string, object][] = [
    ['get list | core apps | pods', { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods'] }],
    ['get | core | pods | a b', { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a', 'b'] }],
    ['get | /healthz /livez', { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez'] }],
  ];
  for (const [line, rule] of rows) it(line, () => assert.deepEqual(parseRules(`\n  ${line}\n`), [rule]));
});

describe('statuses of bootstrap objects', () => {
  it('are written by the next server if one did not come to it', async () => {
    await using server = await startTestApiServer();
    const groups = bootstrapObjects(OPTIONS);
    const described = async (): Promise<number> =>
      (await server.client.list(flowSchemas)).items.filter(({ status }) => status?.conditions?.length).length;
    await ensureObjects(server.client, groups, silentLogger);
    assert.equal(await described(), 0);
    const writeStatuses = await ensureObjects(server.client, groups, silentLogger);
    await writeStatuses();
    assert.equal(await described(), (await server.client.list(flowSchemas)).items.length);
    assert.ok((await described()) > 0);
  });
});
