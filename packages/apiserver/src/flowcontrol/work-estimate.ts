/**
 * How many seats a request takes: long lists are more work than anything else.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request (v1.36)
 * Differs: writes take one seat however many watch, because an event is encoded once for all of them.
 */
import type { ApiServerRequest } from '../request.ts';

const OBJECTS_PER_SEAT = 100;
const SEATS_MAX = 10;

/** How many objects there are of a resource. */
export type CountObjects = (request: ApiServerRequest) => number;

export function seatsOf(request: ApiServerRequest, count: CountObjects): number {
  const { info, query } = request;
  if (!info.isResourceRequest || (info.verb !== 'list' && info.verb !== 'watch') || info.name !== '') return 1;
  if (info.verb === 'watch' && !beginsWithState(query)) return 1;
  const limit = Number(query.get('limit') ?? 0);
  const stored = count(request);
  const objects = limit > 0 && limit < stored ? limit : stored;
  return Math.min(SEATS_MAX, Math.max(1, Math.ceil(objects / OBJECTS_PER_SEAT)));
}

/** Watches that first tell what there is do the work of a list. */
function beginsWithState(query: URLSearchParams): boolean {
  const version = query.get('resourceVersion') ?? '';
  const asked = query.get('sendInitialEvents');
  return version === '' || version === '0' || (asked !== null && asked !== 'false' && asked !== '0');
}
