import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fieldSetOfNames } from '@kts/apimachinery';
import {
  certificateSigningRequests,
  configMaps,
  deployments,
  flowSchemas,
  namespaces,
  persistentVolumeClaims,
  pods,
  resourceClaims,
  type ResourceDefinition,
} from '@kts/api';

import { resetFields, statusMetadata } from './reset-fields.ts';

describe('fields that an endpoint cannot change', () => {
  const rows: readonly [definition: ResourceDefinition, subresource: string, paths: readonly string[] | undefined][] = [
    [configMaps, '', undefined],
    [pods, '', ['status']],
    [pods, 'status', ['spec', 'metadata.ownerReferences']],
    [pods, 'resize', undefined],
    [deployments, 'status', ['spec', 'metadata.labels']],
    [persistentVolumeClaims, 'status', ['spec']],
    [resourceClaims, 'status', ['spec', 'metadata']],
    [flowSchemas, 'status', ['spec', 'metadata']],
    [namespaces, 'finalize', ['status']],
    [certificateSigningRequests, '', ['spec', 'status']],
    [certificateSigningRequests, 'status', ['spec', 'status.conditions']],
    [certificateSigningRequests, 'approval', ['spec', 'status.certificate']],
  ] as never;
  for (const [definition, subresource, paths] of rows) {
    it(`${definition.plural}/${subresource}`, () => {
      const expected = paths && fieldSetOfNames(...paths.map((path) => path.split('.')));
      assert.deepEqual(resetFields(definition, subresource), expected);
    });
  }

  it('are kept in the metadata as well', () => {
    const kept = [pods, deployments, resourceClaims, flowSchemas].map((definition) =>
      statusMetadata(definition as unknown as ResourceDefinition),
    );
    assert.deepEqual(kept, [['ownerReferences'], ['labels'], 'identity', 'all']);
  });
});
