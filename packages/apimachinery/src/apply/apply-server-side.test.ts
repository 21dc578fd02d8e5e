import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { canonicalObject } from '../decode-object.ts';
import { deepFreeze } from '../deep-equal.ts';
import type { JsonObject, JsonValue } from '../scalars.ts';
import { StatusError } from '../status-error.ts';
import { configMapSchema, deploymentSchema, podSchema } from '../testing/schema-builder.ts';
import { applyServerSide, type ServerSideApply } from './apply-server-side.ts';
import { fieldSetOfNames } from './field-set.ts';
import type { ManagedType } from './typed-versions.ts';
import { updateManagedFields } from './update-managed-fields.ts';

const NOW = '2026-11-21T10:00:00Z';
const LATER = '2026-11-21T11:00:00Z';
const configMaps: ManagedType = { apiVersion: 'v1', kind: 'ConfigMap', schema: configMapSchema };
const pods: ManagedType = {
  apiVersion: 'v1',
  kind: 'Pod',
  schema: podSchema,
  resetFields: fieldSetOfNames(['status']),
};
const deployments: ManagedType = { apiVersion: 'apps/v1', kind: 'Deployment', schema: deploymentSchema };

interface Options extends Partial<ServerSideApply> {
  readonly live?: JsonObject | undefined;
}

function apply(type: ManagedType, content: JsonObject, options: Options = {}): JsonObject {
  const { metadata, ...rest } = content;
  const applied = deepFreeze({
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: { name: 'a', ...(metadata as JsonObject | undefined) },
    ...rest,
  });
  const object = applyServerSide({
    type,
    subresource: '',
    live: undefined,
    manager: 'm',
    force: false,
    now: NOW,
    ...options,
    applied,
  });
  return deepFreeze(stored(type, object));
}

/** What the server makes of an object before it stores it. */
function stored(type: ManagedType, object: JsonObject): JsonObject {
  const metadata = { uid: 'u1', ...(object['metadata'] as JsonObject) };
  return canonicalObject(type.schema, structuredClone({ ...object, metadata }) as JsonObject);
}

function update(
  type: ManagedType,
  live: JsonObject | undefined,
  content: JsonObject,
  manager: string,
  now = NOW,
): JsonObject {
  const object = stored(type, { apiVersion: type.apiVersion, kind: type.kind, ...content });
  const managedFields = updateManagedFields({ type, subresource: '', live, object, manager, now });
  const metadata = { ...(object['metadata'] as JsonObject), managedFields: managedFields as unknown as JsonValue };
  return deepFreeze(stored(type, { ...object, metadata }));
}

/** `{ 'm Apply': fieldsV1 }`. */
function owners(object: JsonObject): Record<string, unknown> {
  const { managedFields = [] } = object['metadata'] as { managedFields?: Record<string, string>[] };
  return Object.fromEntries(
    managedFields.map((entry) => [`${entry['manager']} ${entry['operation']}`, entry['fieldsV1']]),
  );
}

function conflictOf(action: () => unknown): { message: string; fields: readonly string[] } {
  try {
    action();
  } catch (error) {
    assert.ok(StatusError.is(error));
    assert.equal(error.reason, 'Conflict');
    const causes = error.status.details?.causes ?? [];
    assert.ok(causes.every((cause) => cause.reason === 'FieldManagerConflict'));
    return { message: error.message, fields: causes.map((cause) => cause.field ?? '') };
  }
  return assert.fail('no conflict');
}

describe('applyServerSide', () => {
  test('creates an object whose fields the applier owns', () => {
    const object = apply(configMaps, { data: { a: '1' } });
    assert.deepEqual(object['data'], { a: '1' });
    const { managedFields } = object['metadata'] as { managedFields: unknown };
    assert.deepEqual(managedFields, [
      {
        manager: 'm',
        operation: 'Apply',
        apiVersion: 'v1',
        time: NOW,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {} } },
      },
    ]);
  });

  test('removes what is no longer applied', () => {
    const live = apply(configMaps, { data: { a: '1', b: '2' }, metadata: { labels: { x: 'y' } } });
    const object = apply(configMaps, { data: { b: '2' } }, { live });
    assert.deepEqual(object['data'], { b: '2' });
    assert.equal((object['metadata'] as JsonObject)['labels'], undefined);
  });

  test('keeps what others own, too, when it is no longer applied', () => {
    const first = apply(configMaps, { data: { a: '1', b: '2' } });
    const second = apply(configMaps, { data: { a: '1' } }, { live: first, manager: 'n' });
    const third = apply(configMaps, { data: { b: '2' } }, { live: second });
    assert.deepEqual(third['data'], { a: '1', b: '2' });
    assert.deepEqual(owners(third), { 'm Apply': { 'f:data': { 'f:b': {} } }, 'n Apply': { 'f:data': { 'f:a': {} } } });
  });

  test('keeps the time of an apply that changes nothing', () => {
    const first = apply(configMaps, { data: { a: '1' } });
    assert.deepEqual(apply(configMaps, { data: { a: '1' } }, { live: first, now: LATER }), first);
  });

  test('refuses to take a field from another applier', () => {
    const live = apply(configMaps, { data: { a: '1' } });
    const { message, fields } = conflictOf(() => apply(configMaps, { data: { a: '2' } }, { live, manager: 'n' }));
    assert.equal(message, 'Apply failed with 1 conflict: conflict with "m": .data.a');
    assert.deepEqual(fields, ['.data.a']);
  });

  test('names all conflicts, by manager', () => {
    const first = apply(configMaps, { data: { a: '1', b: '1' } });
    const live = update(configMaps, first, { metadata: { name: 'a' }, data: { a: '1', b: '1', c: '1' } }, 'edit');
    const { message } = conflictOf(() =>
      apply(configMaps, { data: { a: '2', b: '2', c: '2' } }, { live, manager: 'n' }),
    );
    assert.equal(
      message,
      'Apply failed with 3 conflicts: conflicts with "edit" using v1:\n- .data.c\nconflicts with "m":\n- .data.a\n- .data.b',
    );
  });

  test('takes it by force', () => {
    const live = apply(configMaps, { data: { a: '1' } });
    const object = apply(configMaps, { data: { a: '2' } }, { live, manager: 'n', force: true });
    assert.deepEqual(owners(object), { 'n Apply': { 'f:data': { 'f:a': {} } } });
  });

  test('merges lists by their keys, defaults of keys included', () => {
    const port = { containerPort: 80, name: 'http' };
    const live = apply(pods, { spec: { containers: [{ name: 'a', image: '1', ports: [port] }, { name: 'b' }] } });
    assert.deepEqual(owners(live)['m Apply'], {
      'f:spec': {
        'f:containers': {
          'k:{"name":"a"}': {
            '.': {},
            'f:image': {},
            'f:name': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:name': {} } },
          },
          'k:{"name":"b"}': { '.': {}, 'f:name': {} },
        },
      },
    });
    const object = apply(
      pods,
      { spec: { containers: [{ name: 'c' }, { name: 'a', image: '1' }] } },
      { live, manager: 'n' },
    );
    const { containers } = object['spec'] as { containers: { name: string; ports?: unknown }[] };
    assert.deepEqual(containers.map(({ name }) => name).join(''), 'cab');
    assert.deepEqual(containers[1]!.ports, [{ name: 'http', containerPort: 80 }]);
  });

  test('treats atomic maps and lists as one value', () => {
    const live = apply(pods, { spec: { containers: [{ name: 'a', command: ['x'] }], nodeSelector: { disk: 'ssd' } } });
    const change = { spec: { containers: [{ name: 'a', command: ['y'] }], nodeSelector: { zone: '1' } } };
    const { fields } = conflictOf(() => apply(pods, change, { live, manager: 'n' }));
    assert.deepEqual(fields, ['.spec.nodeSelector', '.spec.containers[name="a"].command']);
    const object = apply(pods, change, { live, manager: 'n', force: true });
    assert.deepEqual((object['spec'] as JsonObject)['nodeSelector'], { zone: '1' });
  });

  test('does not own fields that the endpoint resets', () => {
    const object = apply(pods, { spec: { containers: [{ name: 'a' }] }, status: { phase: 'Running' } });
    assert.equal(JSON.stringify(owners(object)).includes('f:status'), false);
  });

  test('an object that nobody managed belongs to before-first-apply', () => {
    const live = stored(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } });
    const { message } = conflictOf(() => apply(configMaps, { data: { a: '2' } }, { live }));
    assert.equal(message, 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a');
  });

  const refused: [applied: JsonObject, code: number, message: string][] = [
    [{ apiVersion: 'v1', kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
    [{ apiVersion: 'apps/v2' }, 400, 'invalid object type: apps/v2, Kind='],
    [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { managedFields: [] } },
      400,
      'metadata.managedFields must be nil',
    ],
    [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { foo: 1 } },
      500,
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema',
    ],
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        spec: { replicas: 'x', template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } },
      },
      500,
      'failed to create typed patch object (/; apps/v1, Kind=Deployment): errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.template.spec.containers: duplicate entries for key [name="a"]',
    ],
  ];
  for (const [applied, code, message] of refused) {
    test(`refuses: ${message.slice(0, 60)}`, () => {
      const request = {
        type: deployments,
        subresource: '',
        live: undefined,
        applied,
        manager: 'm',
        force: false,
        now: NOW,
      };
      assert.throws(() => applyServerSide(request), { name: 'StatusError', message, code });
    });
  }

  test('kubectl takes over from its client-side apply and keeps the annotation up to date', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const lastApplied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } };
    const metadata = { name: 'a', annotations: { [annotation]: JSON.stringify(lastApplied) } };
    const live = update(configMaps, undefined, { metadata, data: { a: '1', b: '1' } }, 'kubectl-client-side-apply');
    conflictOf(() => apply(configMaps, { data: { a: '2' } }, { live, manager: 'other' }));
    const { fields } = conflictOf(() => apply(configMaps, { data: { a: '2', b: '2' } }, { live, manager: 'kubectl' }));
    assert.deepEqual(fields, ['.data.b']);
    const object = apply(configMaps, { data: { a: '2' } }, { live, manager: 'kubectl' });
    const { annotations } = object['metadata'] as { annotations: Record<string, string> };
    assert.equal(
      annotations[annotation],
      '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });

  test('applying again changes nothing, and everything applied is there', () => {
    const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 });
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), {
      minKeys: 1,
      noNullPrototype: true,
    });
    const content = fc.tuple(letters, data, fc.constantFrom('m', 'n')).map(([names, labels, manager]) => ({
      manager,
      content: { metadata: { labels }, spec: { containers: names.map((name) => ({ name })) } } as JsonObject,
    }));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 5 }), (applies) => {
        let live: JsonObject | undefined;
        for (const { manager, content: applied } of applies) {
          live = apply(pods, applied, { live, manager, force: true });
          const containers = (live['spec'] as { containers: { name: string }[] | null }).containers ?? [];
          const wanted = (applied['spec'] as { containers: { name: string }[] }).containers.map(({ name }) => name);
          const names = containers.map(({ name }) => name);
          assert.equal(new Set(names).size, names.length);
          assert.deepEqual(
            names.filter((name) => wanted.includes(name)),
            wanted,
          );
          assert.deepEqual(apply(pods, applied, { live, manager }), live);
        }
      }),
    );
  });
});

describe('updateManagedFields', () => {
  test('a creation owns everything that is set', () => {
    const object = update(
      configMaps,
      undefined,
      { metadata: { name: 'a', labels: { x: 'y' } }, data: { a: '1' } },
      'create',
    );
    assert.deepEqual(owners(object), {
      'create Update': { 'f:data': { '.': {}, 'f:a': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
    });
  });

  test('an update takes what it changes', () => {
    const live = apply(configMaps, { data: { a: '1', b: '1' } });
    const object = update(configMaps, live, { metadata: { name: 'a' }, data: { a: '2', b: '1' } }, 'edit', LATER);
    assert.deepEqual(owners(object), {
      'm Apply': { 'f:data': { 'f:b': {} } },
      'edit Update': { 'f:data': { 'f:a': {} } },
    });
  });

  test('what is removed belongs to nobody, and who owns nothing vanishes', () => {
    const live = update(configMaps, undefined, { metadata: { name: 'a' }, data: { a: '1' } }, 'create');
    const object = update(configMaps, live, { metadata: { name: 'a' } }, 'edit');
    assert.deepEqual(owners(object), {});
  });

  test('an update that changes nothing leaves no trace', () => {
    const live = update(configMaps, undefined, { metadata: { name: 'a' }, data: { a: '1' } }, 'create');
    assert.deepEqual(update(configMaps, live, live, 'edit', LATER), live);
  });

  const resets: [sent: unknown, owned: readonly string[]][] = [
    [undefined, ['create Update', 'edit Update']],
    [[{}], []],
    [[], []],
    [[{ manager: 'x' }], ['create Update', 'edit Update']],
    [
      [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:a': {} } },
        },
      ],
      ['x Update', 'edit Update'],
    ],
  ];
  for (const [sent, owned] of resets) {
    test(`managedFields ${JSON.stringify(sent)?.slice(0, 30)} leave ${owned.join(', ')}`, () => {
      const live = update(configMaps, undefined, { metadata: { name: 'a' }, data: { a: '1' } }, 'create');
      const metadata = { ...(live['metadata'] as JsonObject), managedFields: sent as JsonValue };
      const object = { ...live, metadata, data: { a: '1', b: '2' } } as JsonObject;
      const entries = updateManagedFields({
        type: configMaps,
        subresource: '',
        live,
        object,
        manager: 'edit',
        now: LATER,
      });
      const found = entries?.map(({ manager, operation }) => `${manager} ${operation}`) ?? [];
      assert.deepEqual(found.sort(), [...owned].sort());
    });
  }

  test('keeps no more than ten updaters, and merges the oldest', () => {
    let live: JsonObject | undefined;
    let data = {};
    for (let index = 10; index < 23; index++) {
      data = { ...data, [`k${index}`]: 'x' };
      live = update(configMaps, live, { metadata: { name: 'a' }, data }, `m${index}`, `2026-11-21T10:00:${index}Z`);
    }
    const owned = owners(live!);
    assert.equal(Object.keys(owned).length, 10);
    assert.deepEqual(owned['ancient-changes Update'], {
      'f:data': { '.': {}, 'f:k10': {}, 'f:k11': {}, 'f:k12': {}, 'f:k13': {} },
    });
  });
});
