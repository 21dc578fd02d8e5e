import { failure } from '@kts/apimachinery';

import { JSON_TYPE } from '../http/negotiation.ts';
import { VERSION_INFO } from '../version.ts';
import type { PathRoute } from './router.ts';

const encoder = new TextEncoder();

/** Indented, as upstream writes this one. */
export const versionRoute: PathRoute = {
  path: '/version',
  subpaths: true,
  getOnly: true,
  handler: (request) => {
    const accept = request.headers['accept'];
    if (accept && !/(^|,)\s*(application\/json|\*\/\*)\s*(;|,|$)/.test(accept)) {
      throw failure('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${JSON_TYPE}`, {});
    }
    return Promise.resolve({
      kind: 'bytes',
      status: 200,
      contentType: 'application/json',
      body: encoder.encode(JSON.stringify(VERSION_INFO, undefined, 2)),
    });
  },
};
