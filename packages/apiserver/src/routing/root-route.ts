import { jsonObject } from './not-found.ts';
import type { PathRoute } from './router.ts';

/** `GET /`: every path there is. */
export function rootRoute(paths: () => readonly string[]): PathRoute {
  return {
    path: '/',
    handler: () => Promise.resolve(jsonObject(200, { paths: [...new Set(paths())].sort() })),
  };
}
