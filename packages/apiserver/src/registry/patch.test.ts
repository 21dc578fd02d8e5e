import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps } from '@kts/api';

import { chainRequest } from '../testing/chain-request.ts';
import { startTestApiServer } from '../testing/index.ts';

const PATH = '/api/v1/namespaces/default/configmaps/web';
const STRATEGIC = 'application/strategic-merge-patch+json';

describe('strategic merge patches', () => {
  const rows: readonly [patch: string, status: number, message: RegExp][] = [
    ['null', 200, /^$/],
    ['[]', 400, /^json: cannot unmarshal array into Go value of type map\[string\]interface {}$/],
    ['"x"', 400, /^json: cannot unmarshal string into Go value of type map\[string\]interface {}$/],
    ['{"data":{"$patch":"frob"}}', 500, /^unknown patch type: frob in map: map\[\$patch:frob\]$/],
  ];
  for (const [patch, status, message] of rows) {
    it(`${patch} is answered with ${status}`, async () => {
      await using server = await startTestApiServer();
      await server.client.create(configMaps, { metadata: { namespace: 'default', name: 'web' }, data: { a: 'b' } });
      const bytes = new TextEncoder().encode(patch);
      const response = await server.answer({
        ...chainRequest({ method: 'PATCH', path: PATH, headers: { 'content-type': STRATEGIC } }),
        readBody: () => Promise.resolve({ kind: 'bytes', bytes, contentType: STRATEGIC }),
      });
      assert.ok(response.kind === 'entry' || response.kind === 'object');
      assert.equal(response.status, status);
      const text = response.kind === 'object' ? (response.object as { message?: string }).message : '';
      assert.match(text ?? '', message);
    });
  }
});
