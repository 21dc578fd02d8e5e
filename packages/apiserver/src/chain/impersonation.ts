/**
 * Lets a user act as another, if allowed to. Constrained modes (`impersonate:user-info` and the like, together with
 * `impersonate-on:<mode>:<verb>` for the request itself) are tried before the all-powerful verb `impersonate`.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation (v1.36)
 * Differs: decisions are not cached, because they take microseconds; which mode a user needed last is.
 */
import { badRequest, type StatusError } from '@kts/apimachinery';

import { ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP } from '../authentication/authenticator.ts';
import { nodeNameOf, parseServiceAccountUser, serviceAccountGroups } from '../authentication/user-names.ts';
import {
  forbiddenError,
  resourceAttributes,
  type AuthorizationAttributes,
  type Authorizer,
} from '../authorization/authorizer.ts';
import type { ApiServerRequest, UserInfo } from '../request.ts';
import type { Stage } from '../response.ts';

const EXTRA_PREFIX = 'impersonate-extra-';
const AUTHENTICATION_GROUP = { group: 'authentication.k8s.io', version: 'v1' } as const;
const CORE_GROUP = { group: '', version: 'v1' } as const;
/** From so many values on, a permission for all of them (`*`) is looked for first. */
const MANY_CHECKS = 4;
/** The extra key of a service account's token that names the node of its pod. */
const NODE_NAME_EXTRA = 'authentication.kubernetes.io/node-name';

export const impersonationStage =
  (authorizer: Authorizer): Stage =>
  (next) => {
    const lastModes: LastModes = new Map();
    return (request) => {
      const wanted = wantedUser(request);
      if (wanted) {
        const requester = request.user;
        request.user = impersonate(authorizer, requester, wanted, request.info, lastModes);
        request.impersonator = requester;
      }
      return next(request);
    };
  };

/** The mode in which a user's last attempt succeeded, by the user's name: it is tried first the next time. */
type LastModes = Map<string, Mode>;
const LAST_MODES_MAX = 10_000;

/** The user that the headers ask for. Throws a BadRequest if they ask for no name. */
export function wantedUser(request: Pick<ApiServerRequest, 'headers' | 'headerValues'>): UserInfo | undefined {
  const { headers } = request;
  const extra: Record<string, string[]> = {};
  const named = headers['impersonate-user'] ?? '';
  let anything = false;
  for (const name in headers) {
    if (!name.startsWith('impersonate-')) continue;
    anything = true;
    if (name.startsWith(EXTRA_PREFIX)) {
      const key = unescapeKey(name.slice(EXTRA_PREFIX.length).toLowerCase());
      extra[key] = [...(extra[key] ?? []), ...request.headerValues(name)];
    }
  }
  if (!anything) return undefined;
  const groups = request.headerValues('impersonate-group');
  const uid = headers['impersonate-uid'] ?? '';
  if (named) {
    return {
      name: named,
      groups,
      ...(uid ? { uid } : {}),
      ...(Object.keys(extra).length > 0 ? { extra } : {}),
    };
  }
  if (groups.length > 0 || uid || Object.keys(extra).length > 0) {
    throw badRequest(`requested ${goText(uid, groups, extra)} without impersonating a user name`);
  }
  return undefined;
}

/** The request as Go prints its own type, which is what upstream's message shows. */
function goText(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (texts: readonly string[]): string => `{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;
  const entries = Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1));
  const groupText = groups.length > 0 ? `[]string${list(groups)}` : '[]string(nil)';
  const extraText =
    entries.length > 0
      ? `map[string][]string{${entries.map(([key, values]) => `${JSON.stringify(key)}:[]string${list(values)}`).join(', ')}}`
      : 'map[string][]string(nil)';
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${groupText}, Extra:${extraText}}`;
}

interface Mode {
  readonly name: string;
  /** Whether the mode is meant for this user at all. */
  readonly applies: (wanted: UserInfo, requester: UserInfo) => boolean;
}

/** The verb of old, which takes over everything that is asked for. */
const LEGACY: Mode = { name: '', applies: () => true };

const MODES: readonly Mode[] = [
  {
    name: 'associated-node',
    applies: (wanted, requester) =>
      onlyNameSet(wanted) &&
      parseServiceAccountUser(requester.name) !== undefined &&
      isNode(wanted.name) &&
      requester.extra?.[NODE_NAME_EXTRA]?.length === 1 &&
      requester.extra[NODE_NAME_EXTRA][0] === nodeNameOf(wanted.name),
  },
  { name: 'arbitrary-node', applies: (wanted) => onlyNameSet(wanted) && isNode(wanted.name) },
  {
    name: 'serviceaccount',
    applies: (wanted) => onlyNameSet(wanted) && parseServiceAccountUser(wanted.name) !== undefined,
  },
  {
    name: 'user-info',
    applies: (wanted) => !isNode(wanted.name) && parseServiceAccountUser(wanted.name) === undefined,
  },
  LEGACY,
];

/** Who the request goes on as. Throws the 403 of the first mode that was tried. */
export function impersonate(
  authorizer: Authorizer,
  requester: UserInfo,
  wanted: UserInfo,
  attributes: AuthorizationAttributes,
  lastModes: LastModes = new Map(),
): UserInfo {
  let first: StatusError | undefined;
  const last = lastModes.get(requester.name);
  const order = last ? [last, ...MODES.filter((mode) => mode !== last)] : MODES;
  for (const mode of order) {
    if (!mode.applies(wanted, requester)) continue;
    const refusal = checkMode(mode, authorizer, requester, wanted, attributes);
    if (refusal) {
      first ??= refusal;
      continue;
    }
    if (lastModes.size >= LAST_MODES_MAX) lastModes.clear();
    lastModes.set(requester.name, mode);
    return becoming(wanted, mode !== LEGACY && isNode(wanted.name) ? ['system:nodes'] : wanted.groups);
  }
  throw first!;
}

function checkMode(
  mode: Mode,
  authorizer: Authorizer,
  requester: UserInfo,
  wanted: UserInfo,
  attributes: AuthorizationAttributes,
): StatusError | undefined {
  if (mode === LEGACY) return checkUser(authorizer, requester, wanted, 'impersonate');
  const request = { ...attributes, verb: `impersonate-on:${mode.name}:${attributes.verb}` };
  return check(authorizer, requester, request) ?? checkUser(authorizer, requester, wanted, `impersonate:${mode.name}`);
}

function becoming(wanted: UserInfo, groups: readonly string[]): UserInfo {
  const account = parseServiceAccountUser(wanted.name);
  const given = account && wanted.groups.length === 0 ? serviceAccountGroups(account.namespace) : groups;
  if (wanted.name === ANONYMOUS.name) return { ...wanted, groups: withGroup(given, UNAUTHENTICATED_GROUP) };
  if (given.includes(UNAUTHENTICATED_GROUP)) return { ...wanted, groups: given };
  return { ...wanted, groups: withGroup(given, AUTHENTICATED_GROUP) };
}

const withGroup = (groups: readonly string[], group: string): readonly string[] =>
  groups.includes(group) ? groups : [...groups, group];

/** Asks for everything that is to be taken over: name, uid, groups, extra values. */
function checkUser(
  authorizer: Authorizer,
  requester: UserInfo,
  wanted: UserInfo,
  verb: string,
): StatusError | undefined {
  const constrained = verb !== 'impersonate';
  const names = constrained ? AUTHENTICATION_GROUP : CORE_GROUP;
  return (
    check(authorizer, requester, nameAttributes(wanted.name, verb, constrained)) ??
    (wanted.uid
      ? check(
          authorizer,
          requester,
          resourceAttributes({ ...AUTHENTICATION_GROUP, verb, resource: 'uids', name: wanted.uid }),
        )
      : undefined) ??
    checkGroups(authorizer, requester, wanted.groups, resourceAttributes({ ...names, verb, resource: 'groups' })) ??
    checkExtra(authorizer, requester, wanted.extra ?? {}, verb)
  );
}

function nameAttributes(name: string, verb: string, constrained: boolean): AuthorizationAttributes {
  const group = constrained ? AUTHENTICATION_GROUP : CORE_GROUP;
  const account = parseServiceAccountUser(name);
  if (account) return resourceAttributes({ ...group, verb, resource: 'serviceaccounts', ...account });
  if (constrained && isNode(name)) {
    const node = verb === 'impersonate:associated-node' ? '*' : nodeNameOf(name)!;
    return resourceAttributes({ ...group, verb, resource: 'nodes', name: node });
  }
  return resourceAttributes({ ...group, verb, resource: 'users', name });
}

function checkGroups(
  authorizer: Authorizer,
  requester: UserInfo,
  groups: readonly string[],
  attributes: AuthorizationAttributes,
): StatusError | undefined {
  if (attributes.verb !== 'impersonate') {
    if (groups.includes('')) {
      return forbiddenError(requester, attributes, 'impersonating the empty string group is not allowed');
    }
    if (groups.includes('system:masters')) {
      const masters = { ...attributes, name: 'system:masters' };
      return forbiddenError(requester, masters, 'impersonating the system:masters group is not allowed');
    }
    if (groups.length >= MANY_CHECKS && !check(authorizer, requester, { ...attributes, name: '*' })) return undefined;
  }
  return firstRefusal(groups, (name) => check(authorizer, requester, { ...attributes, name }));
}

function checkExtra(
  authorizer: Authorizer,
  requester: UserInfo,
  extra: Readonly<Record<string, readonly string[]>>,
  verb: string,
): StatusError | undefined {
  const attributes = resourceAttributes({ ...AUTHENTICATION_GROUP, verb, resource: 'userextras' });
  const pairs = Object.entries(extra).flatMap(([key, values]) => values.map((value) => ({ key, value })));
  if (verb !== 'impersonate') {
    if (pairs.some(({ key }) => key === '')) {
      return forbiddenError(requester, attributes, 'impersonating the empty string key in extra is not allowed');
    }
    if (pairs.some(({ value }) => value === '')) {
      return forbiddenError(requester, attributes, 'impersonating the empty string value in extra is not allowed');
    }
    const all = { ...attributes, subresource: '*', name: '*' };
    if (pairs.length >= MANY_CHECKS && !check(authorizer, requester, all)) return undefined;
  }
  return firstRefusal(pairs, ({ key, value }) =>
    check(authorizer, requester, { ...attributes, subresource: key, name: value }),
  );
}

function check(
  authorizer: Authorizer,
  requester: UserInfo,
  attributes: AuthorizationAttributes,
): StatusError | undefined {
  const result = authorizer.authorize(requester, attributes);
  return result.decision === 'allow' ? undefined : forbiddenError(requester, attributes, result.reason);
}

function firstRefusal<T>(items: readonly T[], ask: (item: T) => StatusError | undefined): StatusError | undefined {
  for (const item of items) {
    const refusal = ask(item);
    if (refusal) return refusal;
  }
  return undefined;
}

const isNode = (name: string): boolean => nodeNameOf(name) !== undefined;

function onlyNameSet(user: UserInfo): boolean {
  return user.groups.length === 0 && !user.uid && !user.extra;
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
