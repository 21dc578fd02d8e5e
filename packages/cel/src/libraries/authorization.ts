import { isDNS1123Label, isDNS1123Subdomain } from '@kts/apimachinery';

import type { Library } from '../check/function-declaration.ts';
import { CelError, CelOpaque, type CelValue } from '../evaluate/value.ts';
import { AUTHORIZER, DECISION, GROUP_CHECK, PATH_CHECK, RESOURCE_CHECK } from './kubernetes-types.ts';

/**
 * Asking the authorizer from an expression: `authorizer.group('').resource('pods').namespace('x').check('get').allowed()`.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go (v1.36)
 */
export interface AuthorizerOptions {
  /** Of whoever makes the request; `serviceAccount()` asks for another. */
  readonly user: AuthorizerUser;
  /** Synchronous, as evaluation is. What it throws becomes the decision's error. */
  readonly authorize: (attributes: CheckAttributes) => CheckDecision;
}

export interface AuthorizerUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface CheckAttributes {
  readonly user: AuthorizerUser;
  readonly verb: string;
  /** Set for requests that are not for resources. */
  readonly path?: string;
  /** Set for requests that are. */
  readonly resource?: CheckedResource;
}

export interface CheckedResource {
  readonly group: string;
  readonly version: '*';
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** As they were given: whether they can be parsed is for the authorizer to find out. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface CheckDecision {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly error?: string;
}

interface GroupCheck {
  readonly authorizer: AuthorizerOptions;
  readonly group: string;
}

interface ResourceCheck {
  readonly authorizer: AuthorizerOptions;
  readonly resource: CheckedResource;
}

interface PathCheck {
  readonly authorizer: AuthorizerOptions;
  readonly path: string;
}

type Authorizer = CelOpaque<AuthorizerOptions>;
type Resource = CelOpaque<ResourceCheck>;
type Decision = CelOpaque<CheckDecision>;

const [A, P, G, R, D] = [AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION].map((type) => type.name);

export const authorizationLibrary: Library = {
  path: { overloads: { authorizer_path: [`${A}.(string) ${P}`, pathCheck] } },
  group: {
    overloads: {
      authorizer_group: [
        `${A}.(string) ${G}`,
        ({ content }: Authorizer, group: string) =>
          new CelOpaque<GroupCheck>(GROUP_CHECK, { authorizer: content, group }),
      ],
    },
  },
  serviceAccount: { overloads: { authorizer_serviceaccount: [`${A}.(string, string) ${A}`, serviceAccount] } },
  resource: { overloads: { groupcheck_resource: [`${G}.(string) ${R}`, resourceCheck] } },
  subresource: { overloads: { resourcecheck_subresource: narrowed('subresource') } },
  namespace: { overloads: { resourcecheck_namespace: narrowed('namespace') } },
  name: { overloads: { resourcecheck_name: narrowed('name') } },
  fieldSelector: { overloads: { authorizer_fieldselector: narrowed('fieldSelector') } },
  labelSelector: { overloads: { authorizer_labelselector: narrowed('labelSelector') } },
  check: {
    overloads: {
      pathcheck_check: [
        `${P}.(string) ${D}`,
        ({ content: { authorizer, path } }: CelOpaque<PathCheck>, verb: string) => decide(authorizer, { verb, path }),
      ],
      resourcecheck_check: [
        `${R}.(string) ${D}`,
        ({ content: { authorizer, resource } }: Resource, verb: string) => decide(authorizer, { verb, resource }),
      ],
    },
  },
  errored: {
    overloads: { decision_errored: [`${D}.() bool`, ({ content }: Decision) => content.error !== undefined] },
  },
  error: { overloads: { decision_error: [`${D}.() string`, ({ content }: Decision) => content.error ?? ''] } },
  allowed: { overloads: { decision_allowed: [`${D}.() bool`, ({ content }: Decision) => content.allowed] } },
  reason: { overloads: { decision_reason: [`${D}.() string`, ({ content }: Decision) => content.reason ?? ''] } },
};

/** The value of a variable of type AUTHORIZER. */
export function authorizerValue(options: AuthorizerOptions): CelValue {
  return new CelOpaque(AUTHORIZER, options);
}

/** The value of `authorizer.requestResource`, of type RESOURCE_CHECK. */
export function requestResourceValue(
  authorizer: AuthorizerOptions,
  resource: Pick<CheckedResource, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>,
): CelValue {
  const check: ResourceCheck = { authorizer, resource: { ...resource, version: '*' } };
  return new CelOpaque(RESOURCE_CHECK, check);
}

function pathCheck({ content }: Authorizer, path: string): CelValue {
  if (path.trim() === '') return new CelError('path must not be empty');
  return new CelOpaque<PathCheck>(PATH_CHECK, { authorizer: content, path });
}

function serviceAccount({ content }: Authorizer, namespace: string, name: string): CelValue {
  if (isDNS1123Subdomain(name).length > 0) return new CelError('Invalid service account name');
  if (isDNS1123Label(namespace).length > 0) return new CelError('Invalid service account namespace');
  const user: AuthorizerUser = {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  };
  return authorizerValue({ ...content, user });
}

function resourceCheck({ content }: CelOpaque<GroupCheck>, resource: string): CelValue {
  if (resource.trim() === '') return new CelError('resource must not be empty');
  const { authorizer, group } = content;
  const request: CheckedResource = { group, version: '*', resource, subresource: '', namespace: '', name: '' };
  return new CelOpaque<ResourceCheck>(RESOURCE_CHECK, { authorizer, resource: request });
}

function narrowed(field: keyof CheckedResource): readonly [string, (check: Resource, value: string) => CelValue] {
  return [
    `${R}.(string) ${R}`,
    ({ content: { authorizer, resource } }, value) =>
      new CelOpaque<ResourceCheck>(RESOURCE_CHECK, { authorizer, resource: { ...resource, [field]: value } }),
  ];
}

function decide(authorizer: AuthorizerOptions, attributes: Omit<CheckAttributes, 'user'>): CelValue {
  return new CelOpaque<CheckDecision>(DECISION, decisionOf(authorizer, attributes));
}

function decisionOf({ user, authorize }: AuthorizerOptions, attributes: Omit<CheckAttributes, 'user'>): CheckDecision {
  try {
    return authorize({ ...attributes, user });
  } catch (error) {
    return { allowed: false, error: (error as Error).message };
  }
}
