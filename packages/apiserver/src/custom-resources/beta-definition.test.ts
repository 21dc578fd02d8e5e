import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { customResourceDefinitions } from '@kts/api';

import { storedEntry } from '../cache/stored-entry.ts';
import { entryCodec } from '../registry/stored-codec.ts';

const NAMES = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' };
const HEAD = { group: 'example.com', names: NAMES, scope: 'Namespaced' };
const SCHEMA = { openAPIV3Schema: { type: 'object' } };
const VERSION = { name: 'v1', served: true, storage: true };
const COLUMN = { name: 'Age', type: 'date' };

/** What is served of a definition that upstream has stored. */
function served(spec: object): unknown {
  const stored = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1beta1',
    metadata: { name: 'gadgets.example.com', uid: 'u' },
    spec: { ...HEAD, ...spec },
  };
  const value = new TextEncoder().encode(JSON.stringify(stored));
  const entry = storedEntry(
    { key: '/registry/x/gadgets.example.com', value, revision: 7 },
    entryCodec(customResourceDefinitions),
  );
  const json = JSON.parse(Buffer.concat([...entry.jsonPieces()]).toString()) as typeof stored;
  assert.deepEqual(json, entry.object());
  assert.deepEqual(
    [json.apiVersion, json.metadata],
    ['apiextensions.k8s.io/v1', { ...stored.metadata, resourceVersion: '7' }],
  );
  return json.spec;
}

describe('definitions that upstream has stored', () => {
  const rows: readonly (readonly [title: string, stored: object, served: object])[] = [
    [
      'have in each version what stood beside them',
      {
        version: 'v1',
        versions: [VERSION, { ...VERSION, name: 'v2' }],
        validation: SCHEMA,
        subresources: { status: {} },
        additionalPrinterColumns: [{ ...COLUMN, JSONPath: '.a' }],
        selectableFields: [{ jsonPath: '.b' }],
      },
      {
        versions: ['v1', 'v2'].map((name) => ({
          ...VERSION,
          name,
          schema: SCHEMA,
          subresources: { status: {} },
          additionalPrinterColumns: [{ ...COLUMN, jsonPath: '.a' }],
          selectableFields: [{ jsonPath: '.b' }],
        })),
      },
    ],
    [
      'keep what the versions have of their own',
      { versions: [{ ...VERSION, schema: SCHEMA, additionalPrinterColumns: [{ ...COLUMN, JSONPath: '.a' }] }] },
      { versions: [{ ...VERSION, schema: SCHEMA, additionalPrinterColumns: [{ ...COLUMN, jsonPath: '.a' }] }] },
    ],
    ['have the one version that is named', { version: 'v1' }, { versions: [VERSION] }],
    [
      'are converted as before',
      { version: 'v1', conversion: { strategy: 'None' }, preserveUnknownFields: false },
      { versions: [VERSION], conversion: { strategy: 'None' } },
    ],
    [
      'are converted by their webhook',
      {
        version: 'v1',
        conversion: {
          strategy: 'Webhook',
          webhookClientConfig: { url: 'https://a' },
          conversionReviewVersions: ['v1'],
        },
        preserveUnknownFields: true,
      },
      {
        versions: [VERSION],
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://a' }, conversionReviewVersions: ['v1'] },
        },
        preserveUnknownFields: true,
      },
    ],
  ];
  for (const [title, stored, expected] of rows) {
    it(title, () => assert.deepEqual(served(stored), { ...HEAD, ...expected }));
  }
});
