import assert from 'node:assert/strict';

import { StatusError } from '@kts/apimachinery';

/** What a request was refused with; a test fails if it was not refused. */
export function failureOf(request: Promise<unknown>): Promise<StatusError> {
  return request.then(
    () => assert.fail('the request succeeded'),
    (error: unknown) => (StatusError.is(error) ? error : assert.fail(String(error))),
  );
}
