import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { badRequest, type Status } from '@kts/apimachinery';
import { silentLogger } from '@kts/base';
import { StoreUnreachableError } from '@kts/store';

import { answering } from './answer.ts';

const REQUEST = { signal: new AbortController().signal, auditId: 'a', path: '/' };

describe('what is thrown', () => {
  const rows: readonly (readonly [title: string, error: Error, code: number, reason: string, message: string])[] = [
    ['is answered if it is a status', badRequest('no'), 400, 'BadRequest', 'no'],
    ['is not told if nobody expected it', new Error('secret'), 500, 'InternalError', 'Internal error occurred'],
    [
      'is told without addresses if the store is gone',
      new StoreUnreachableError(['http://10.0.0.1:2379'], new Error('refused')),
      500,
      'ServerTimeout',
      'The store cannot be reached at this time, please try again.',
    ],
  ];
  for (const [title, error, code, reason, message] of rows) {
    it(title, async () => {
      const response = await answering(() => Promise.reject(error), silentLogger)(REQUEST as never);
      assert.ok(response.kind === 'object');
      const status = response.object as unknown as Status;
      assert.deepEqual([response.status, status.code, status.reason, status.message], [code, code, reason, message]);
    });
  }
});
