import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '@kts/base';
import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import { chooseEndpoint } from './service-endpoint.ts';

const service = (extra: object = {}): Service =>
  ({
    metadata: { name: 'hook' },
    spec: { type: 'ClusterIP', ipFamilies: ['IPv4'], ports: [{ name: 'https', port: 443 }], ...extra },
  }) as unknown as Service;

const slice = (addresses: readonly string[], extra: object = {}): EndpointSlice =>
  ({
    metadata: { labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 8443 }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ...extra,
  }) as unknown as EndpointSlice;

const notReady = { endpoints: [{ addresses: ['10.0.0.9'], conditions: { ready: false } }] };
const ipv6 = slice(['fd00::1'], { addressType: 'IPv6' });
const foreign = { metadata: { labels: { 'kubernetes.io/service-name': 'other' } } };

test('a service is reached at a ready endpoint of its first family', () => {
  const none = 'no endpoints available for service "hook"';
  const rows: [string, Service, EndpointSlice[], number, string][] = [
    ['one endpoint', service(), [slice(['10.0.0.1'])], 443, '10.0.0.1:8443'],
    ['its first family', service(), [ipv6, slice(['10.0.0.1'])], 443, '10.0.0.1:8443'],
    ['another family', service(), [ipv6], 443, 'fd00::1:8443'],
    ['none is ready', service(), [slice([], notReady)], 443, none],
    ['no lists', service(), [slice([], { endpoints: null, ports: null })], 443, none],
    ['one is ready', service(), [slice([], notReady), slice(['10.0.0.1'])], 443, '10.0.0.1:8443'],
    ['of another service', service(), [slice(['10.0.0.1'], foreign)], 443, none],
    ['no such port', service(), [slice(['10.0.0.1'])], 80, 'no service port 80 found for service "hook"'],
    ['port by another name', service(), [slice(['10.0.0.1'], { ports: [{ name: 'x', port: 1 }] })], 443, none],
    ['outside', service({ type: 'ExternalName' }), [], 443, 'unsupported service type "ExternalName"'],
  ];
  for (const [name, subject, slices, port, expected] of rows) {
    let found: string;
    try {
      const endpoint = chooseEndpoint(subject, slices, port, seededRandom(1));
      found = `${endpoint.host}:${endpoint.port}`;
    } catch (error) {
      found = (error as Error).message;
    }
    assert.equal(found, expected, name);
  }
});
