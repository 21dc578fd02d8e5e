import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeFacts } from './facts.ts';
import { schemaOf } from './schema-registry.ts';

const schemaOfCore = (kind: string) => schemaOf(`io.k8s.api.core.v1.${kind}`);

test('a root type starts with its kind, in the order of Go', () => {
  assert.deepEqual([...schemaOfCore('Pod').fields.keys()], ['kind', 'apiVersion', 'metadata', 'spec', 'status']);
});

test('an inlined struct is flattened for JSON and kept whole for protobuf', () => {
  const volume = schemaOfCore('Volume');
  assert.equal(volume.fields.get('emptyDir'), schemaOfCore('VolumeSource').fields.get('emptyDir'));
  assert.deepEqual(
    volume.members.map(({ name, number, inline }) => [name, number, inline?.name]),
    [
      ['name', 1, undefined],
      ['volumeSource', 2, 'io.k8s.api.core.v1.VolumeSource'],
    ],
  );
});

test('every type has one schema, also those that contain themselves', () => {
  for (const name of Object.keys(typeFacts())) assert.equal(schemaOf(name), schemaOf(name));
  const props = schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  const not = props.fields.get('not')!;
  assert.equal(not.schema, props);
});

test('markers of lists, maps and patches are carried over', () => {
  const containers = schemaOfCore('PodSpec').fields.get('containers')!;
  assert.ok(containers.schema.type === 'list');
  assert.equal(containers.schema.listType, 'map');
  assert.deepEqual(containers.schema.listMapKeys, ['name']);
  assert.equal(containers.patchStrategy, 'merge');
  assert.equal(containers.patchMergeKey, 'name');
  const claimRef = schemaOfCore('PersistentVolumeSpec').fields.get('claimRef')!;
  assert.ok(claimRef.schema.type === 'object');
  assert.equal(claimRef.schema.structType, 'granular');
});

test('omitempty has no effect on structs, but on pointers to them', () => {
  const omitted = (kind: string, field: string) => schemaOfCore(kind).fields.get(field)!.omitempty;
  assert.equal(omitted('Pod', 'spec'), false);
  assert.equal(omitted('PodSpec', 'securityContext'), true);
  assert.equal(omitted('ServicePort', 'targetPort'), false);
  assert.equal(omitted('ConfigMap', 'data'), true);
});
