import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, selfSubjectAccessReviews, type ResourceDefinition } from '@kts/api';

import { failureOf } from '../testing/failure-of.ts';
import { chainRequest } from '../testing/chain-request.ts';
import { createRouter } from './router.ts';

const AS = 'application/json;g=meta.k8s.io;v=v1;as=';

describe('Forms of resources that a client accepts', () => {
  const rows: readonly [plural: string, accept: string, outcome: 'served' | 'NotAcceptable'][] = [
    ['configmaps', `${AS}Table`, 'served'],
    ['configmaps', `${AS}Chair`, 'NotAcceptable'],
    ['selfsubjectaccessreviews', `${AS}Table`, 'NotAcceptable'],
    ['selfsubjectaccessreviews', `${AS}Table, application/json`, 'served'],
    ['selfsubjectaccessreviews', `${AS}PartialObjectMetadata`, 'served'],
  ];
  const definitions = [configMaps, selfSubjectAccessReviews] as unknown as readonly ResourceDefinition[];
  for (const [plural, accept, outcome] of rows) {
    it(`${outcome}: ${plural} as ${accept}`, async () => {
      const resource = definitions.find((definition) => definition.plural === plural)!;
      const catalog = { hasGroup: () => true } as unknown as Parameters<typeof createRouter>[0]['catalog'];
      const serve = createRouter({ catalog, resources: async () => ({ kind: 'taken' }), routes: [] });
      const path = resource.group === '' ? '/api/v1' : `/apis/${resource.group}/v1`;
      const request = { ...chainRequest({ method: 'POST', path: `${path}/${plural}`, headers: { accept } }), resource };
      const answer = serve(request);
      if (outcome === 'served') await answer;
      else assert.equal((await failureOf(answer)).reason, outcome);
    });
  }
});
