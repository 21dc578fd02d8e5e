import type { RequestInfo } from '../request.ts';

const LONG_VERBS: ReadonlySet<string> = new Set(['watch', 'proxy']);
const LONG_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/**
 * Requests that may stay open for hours: no deadline, and no place in the limit of requests at a time.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/longrunning.go (v1.36)
 */
export function isLongRunning(info: RequestInfo): boolean {
  if (!info.isResourceRequest) return info.path.startsWith('/debug/pprof/');
  return LONG_VERBS.has(info.verb) || (info.subresource !== '' && LONG_SUBRESOURCES.has(info.subresource));
}
