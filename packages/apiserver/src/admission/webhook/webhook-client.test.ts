import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failure } from '@kts/apimachinery';

import { transportFailureText } from './transport-failure.ts';
import { webhookTarget } from './webhook-client.ts';

test('where a webhook is', () => {
  const service = { namespace: 'n', name: 's' };
  const rows: [string, object, object][] = [
    ['url', { url: 'https://example.com' }, { authority: 'example.com', host: 'example.com', port: 443, path: '/' }],
    ['port', { url: 'https://example.com:8443/a/' }, { authority: 'example.com:8443', port: 8443, path: '/a' }],
    ['IPv6', { url: 'https://[::1]:8443/a' }, { authority: '[::1]:8443', host: '::1', port: 8443 }],
    [
      'service',
      { service },
      { authority: 's.n.svc:443', host: 's.n.svc', path: '/', service: { ...service, port: 443 } },
    ],
    ['its path', { service: { ...service, port: 8443, path: '/a//b/' } }, { authority: 's.n.svc:8443', path: '/a/b' }],
    ['authorities', { url: 'https://a', caBundle: 'YWJj' }, { ca: 'abc' }],
  ];
  for (const [name, config, expected] of rows) assert.partialDeepStrictEqual(webhookTarget(config), expected, name);
});

const system = (fields: object): Error => Object.assign(new Error('odd'), fields);

test('why a call got no answer', () => {
  const refused = system({ code: 'ECONNREFUSED', address: '::1', port: 443 });
  const rows: [unknown, string][] = [
    [refused, 'dial tcp [::1]:443: connect: connection refused'],
    [new AggregateError([refused]), 'dial tcp [::1]:443: connect: connection refused'],
    [system({ code: 'EHOSTUNREACH', address: '10.0.0.1', port: 1 }), 'dial tcp 10.0.0.1:1: connect: no route to host'],
    [system({ code: 'ENOTFOUND', hostname: 'nope' }), 'dial tcp: lookup nope: no such host'],
    [system({ code: 'ECONNRESET' }), 'EOF'],
    [
      system({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      system({ code: 'CERT_HAS_EXPIRED' }),
      'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
    ],
    [failure('ServiceUnavailable', 'nobody there'), 'nobody there'],
    [system({}), 'odd'],
  ];
  for (const [error, expected] of rows) assert.equal(transportFailureText(error), expected);
});
