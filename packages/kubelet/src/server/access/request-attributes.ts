/** Mirrors: pkg/kubelet/server/auth.go (v1.36) */

/** What a user must be allowed to do with this node; one of the subresources is enough. */
export interface NodeAttributes {
  readonly verb: string;
  readonly subresources: readonly string[];
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Paths with a subresource that is asked for before `nodes/proxy`, which allows everything. */
const FINE_GRAINED: readonly (readonly [path: string, subresource: string])[] = [
  ['/pods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
  ['/runningpods', 'pods'],
];
const OWN: readonly (readonly [path: string, subresource: string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
  ['/statusz', 'statusz'],
  ['/flagz', 'configz'],
];

export function requestAttributes(method: string, path: string): NodeAttributes {
  const isBelow = ([prefix]: readonly [string, string]): boolean => path === prefix || path.startsWith(`${prefix}/`);
  const fine = FINE_GRAINED.find(isBelow);
  const own = OWN.find(isBelow);
  return {
    verb: VERBS[method] ?? '',
    subresources: [...(fine ? [fine[1]] : []), own ? own[1] : 'proxy'],
  };
}
