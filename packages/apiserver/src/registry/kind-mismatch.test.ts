import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { apiServices, configMaps, customResourceDefinitions, horizontalPodAutoscalers } from '@kts/api';

import { isOtherVersion, kindProblem, type TypeMeta } from './kind-mismatch.ts';

const SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"';

describe('objects of another kind', () => {
  const rows: readonly [meta: TypeMeta, object: object, problem: string | undefined][] = [
    [{}, {}, undefined],
    [{ apiVersion: 'v1', kind: 'ConfigMap' }, {}, undefined],
    [{ apiVersion: 'v1', kind: 'Foo' }, {}, `no kind "Foo" is registered for version "v1" ${SCHEME}`],
    [{ apiVersion: 'v2' }, {}, `no kind "ConfigMap" is registered for version "v2" ${SCHEME}`],
    [{ apiVersion: 'apps/v1' }, {}, `no kind "ConfigMap" is registered for version "apps/v1" ${SCHEME}`],
    [{ kind: 'Secret' }, {}, 'converting (v1.Secret) to (core.ConfigMap): unknown conversion'],
    [{ kind: 'Secret' }, { data: { a: '%' } }, 'illegal base64 data at input byte 0'],
    [{ kind: 'List' }, {}, 'converting (v1.List) to (core.ConfigMap): unknown conversion'],
    [
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      {},
      'converting (v1.Deployment) to (core.ConfigMap): unknown conversion',
    ],
  ];
  for (const [meta, object, problem] of rows) {
    it(`${meta.apiVersion ?? ''} ${meta.kind ?? ''}: ${problem ?? 'fine'}`, () => {
      assert.equal(kindProblem(meta, configMaps, object), problem);
    });
  }

  it('are told where the kinds of their endpoint are registered', () => {
    assert.match(
      kindProblem({ kind: 'Foo' }, customResourceDefinitions, {})!,
      /apiextensions-apiserver.*apiserver.go:55/,
    );
    assert.match(kindProblem({ kind: 'Foo' }, apiServices, {})!, /kube-aggregator.*scheme.go:28/);
    assert.match(kindProblem({ kind: 'Foo' }, { ...configMaps, scheme: 'here.go:1' }, {})!, /in scheme "here.go:1"$/);
  });

  it('may be of another version of the kind', () => {
    const versions = ['autoscaling/v1', 'autoscaling/v2', 'autoscaling/v9', 'v1', ''];
    const type = horizontalPodAutoscalers;
    assert.deepEqual(
      versions.map((apiVersion) => isOtherVersion({ apiVersion }, type)),
      versions.map((apiVersion) => apiVersion === (type.version === 'v2' ? 'autoscaling/v1' : 'autoscaling/v2')),
    );
  });

  it('have to say of what version they are if they are custom', () => {
    const type = { ...configMaps, behaviour: { coerce: () => ({ unknown: [] }) } };
    assert.deepEqual(
      ['v1', 'v2', undefined].map((apiVersion) => isOtherVersion(apiVersion ? { apiVersion } : {}, type)),
      [false, true, true],
    );
  });
});
