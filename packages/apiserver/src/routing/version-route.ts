import { VERSION_INFO } from '../version.ts';
import type { PathRoute } from './router.ts';

const encoder = new TextEncoder();

/** Indented, as upstream writes this one. */
export const versionRoute: PathRoute = {
  path: '/version',
  subpaths: true,
  getOnly: true,
  handler: () =>
    Promise.resolve({
      kind: 'bytes',
      status: 200,
      contentType: 'application/json',
      body: encoder.encode(JSON.stringify(VERSION_INFO, undefined, 2)),
    }),
};
