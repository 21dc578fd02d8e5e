import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ApiServerRequest } from '../request.ts';
import { decodeDeleteOptions } from './decode-delete-options.ts';

const SCHEME = '"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"';

function requestWith(text: string, contentType = 'application/json'): ApiServerRequest {
  const bytes = new TextEncoder().encode(text);
  return {
    connection: { kind: 'http', remoteAddress: '127.0.0.1' },
    headers: { 'content-type': contentType },
    readBody: () => Promise.resolve({ kind: 'bytes', bytes, contentType }),
  } as Partial<ApiServerRequest> as ApiServerRequest;
}

describe('the body of a DELETE', () => {
  const read: readonly [string, object][] = [
    ['{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":5}', { gracePeriodSeconds: 5 }],
    ['{"apiVersion":"x/v9","dryRun":["All"]}', { dryRun: ['All'] }],
    ['null', {}],
  ];
  for (const [text, expected] of read) {
    it(`reads ${text}`, async () => {
      const { kind: _, apiVersion: __, ...options } = (await decodeDeleteOptions(requestWith(text)))!;
      assert.deepEqual(options, expected);
    });
  }

  const refused: readonly [string, string][] = [
    ['{"kind":"Pod","apiVersion":"v1"}', `no kind "Pod" is registered for version "v1" in scheme ${SCHEME}`],
    ['{"kind":"X"}', `no kind "X" is registered for version "meta.k8s.io/v1" in scheme ${SCHEME}`],
    ['{"kind":"Status","apiVersion":"v1"}', 'converting (v1.Status) to (v1.DeleteOptions): unknown conversion'],
    ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
    [
      '{"kind":5}',
      "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
    ],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, async () => {
      await assert.rejects(decodeDeleteOptions(requestWith(text)), { message });
    });
  }

  it('is of a type that can be read', async () => {
    const sent = requestWith('{}', 'text/plain');
    await assert.rejects(decodeDeleteOptions(sent), ({ status }) => status.reason === 'UnsupportedMediaType');
  });
});
