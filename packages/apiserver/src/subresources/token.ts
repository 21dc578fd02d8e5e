/**
 * Tokens for service accounts, bound to a pod, a secret or a node if the client says so.
 *
 * Mirrors: pkg/registry/core/serviceaccount/storage/token.go (v1.36)
 */
import { formatTime } from '@kts/base';
import {
  badRequest,
  conflict,
  FieldPath,
  invalid,
  invalidObject,
  notFound,
  parseApiVersion,
  type FieldError,
  type KubeObject,
} from '@kts/apimachinery';
import { nodes, pods, secrets, serviceAccounts, type ResourceDefinition } from '@kts/api';
import type { BoundObjectReference, TokenRequest } from '@kts/api/types/authentication-v1';
import type { Pod, ServiceAccount } from '@kts/api/types/core-v1';

import { liveObjects, type LiveObjects } from '../admission/live-objects.ts';
import type { BoundReference, TokenIssuer, TokenOrder } from '../authentication/token-issuer.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { objectResponse } from '../registry/respond.ts';
import type { ApiServerResponse } from '../response.ts';
import { bodyType, readSent } from './read-draft.ts';
import type { SubresourceHandler } from './subresource.ts';

const GROUP_KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const SECONDS_DEFAULT = 3600;
const SECONDS_MIN = 600;
const SECONDS_MAX = 2 ** 32;

/** POST to `serviceaccounts/<name>/token`. */
export function tokenHandler(issuer: TokenIssuer): SubresourceHandler {
  return async (scope): Promise<ApiServerResponse> => {
    const v1 = bodyType('authentication.k8s.io/v1', 'TokenRequest', 'io.k8s.api.authentication.v1.TokenRequest');
    const type = { ...v1, behaviour: { setDefaults: setExpiration } };
    const { draft, attributes } = await readSent(scope, type, true);
    const sent = draft as unknown as TokenRequest;
    const live = liveObjects(scope.registry.storages, scope.registry.feed);
    checkNames(scope, sent);
    const account = await live.get(serviceAccounts, scope.namespace, scope.name);
    if (!account) throw notFound(serviceAccounts, scope.name);
    checkUid(sent, account);
    const expirationSeconds = sent.spec.expirationSeconds ?? SECONDS_DEFAULT;
    checkSeconds(expirationSeconds);
    await scope.registry.admission.validate(attributes);
    const bound = sent.spec.boundObjectRef ? await boundTo(live, scope, sent.spec.boundObjectRef) : {};
    const issued = issuer.issue({
      namespace: scope.namespace,
      serviceAccount: referenceTo(account),
      audiences: sent.spec.audiences ?? [],
      expirationSeconds,
      ...bound,
    });
    const { name, namespace, uid } = account.metadata;
    const creationTimestamp = formatTime(scope.registry.clock.now());
    return objectResponse(201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { ...sent.metadata, name, namespace, uid, creationTimestamp },
      spec: {
        ...sent.spec,
        audiences: issued.audiences,
        expirationSeconds,
        boundObjectRef: sent.spec.boundObjectRef ?? null,
      },
      status: { token: issued.token, expirationTimestamp: issued.expirationTimestamp },
    });
  };
}

/** A default like any other: it is there before the request is looked at, and so it is owned. */
function setExpiration(draft: object): void {
  const { spec } = draft as { spec?: { expirationSeconds?: number } };
  if (spec) spec.expirationSeconds ??= SECONDS_DEFAULT;
}

function checkNames(scope: RequestScope, { metadata }: TokenRequest): void {
  const errors: FieldError[] = [];
  const path = FieldPath.of('metadata');
  if (metadata?.name && metadata.name !== scope.name) {
    errors.push(invalid(path.child('name'), metadata.name, 'must match the service account name if specified'));
  } else if (metadata?.namespace && metadata.namespace !== scope.namespace) {
    const text = 'must match the service account namespace if specified';
    errors.push(invalid(path.child('namespace'), metadata.namespace, text));
  }
  if (errors.length > 0) throw invalidObject(GROUP_KIND, scope.name, errors);
}

function checkUid({ metadata }: TokenRequest, account: ServiceAccount): void {
  const { uid, name } = account.metadata;
  if (!metadata?.uid || metadata.uid === uid) return;
  const text = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
  throw conflict({ group: GROUP_KIND.group, plural: GROUP_KIND.kind }, name, text);
}

function checkSeconds(seconds: number): void {
  const path = FieldPath.of('spec', 'expirationSeconds');
  const text =
    seconds < SECONDS_MIN
      ? 'may not specify a duration less than 10 minutes'
      : seconds > SECONDS_MAX
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (text) throw invalidObject(GROUP_KIND, '', [invalid(path, seconds, text)]);
}

const BOUND_KINDS: ReadonlySet<string> = new Set(['Pod', 'Secret', 'Node']);

type Bound = Pick<TokenOrder, 'pod' | 'secret' | 'node'>;

async function boundTo(live: LiveObjects, scope: RequestScope, reference: BoundObjectReference): Promise<Bound> {
  if (!reference.name && BOUND_KINDS.has(reference.kind ?? '')) throw badRequest('Name parameter required.');
  const { group, version } = parseApiVersion(reference.apiVersion ?? '');
  const find = async <T extends KubeObject>(resource: ResourceDefinition<T>): Promise<T> => {
    const name = reference.name ?? '';
    const object = await live.get(resource, resource.namespaced ? scope.namespace : '', name);
    if (!object) throw notFound(resource, name);
    const { uid } = object.metadata;
    if (!reference.uid || reference.uid === uid) return object;
    const text = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group, plural: reference.kind ?? '' }, name, text);
  };
  switch (group === '' ? (reference.kind ?? '') : '') {
    case 'Pod':
      return podAndNode(live, scope, await find(pods));
    case 'Secret':
      return { secret: referenceTo(await find(secrets)) };
    case 'Node':
      return { node: referenceTo(await find(nodes)) };
    default: {
      const type = `${group}/${version}, Kind=${reference.kind ?? ''}`;
      throw badRequest(`cannot bind token to object of type ${type}`);
    }
  }
}

async function podAndNode(live: LiveObjects, scope: RequestScope, pod: Pod): Promise<Bound> {
  if (pod.spec.serviceAccountName !== scope.name) {
    const account = JSON.stringify(scope.name);
    throw badRequest(
      `cannot bind token for serviceaccount ${account} to pod running with different serviceaccount name.`,
    );
  }
  const { nodeName } = pod.spec;
  if (!nodeName) return { pod: referenceTo(pod) };
  const node = await live.get(nodes, '', nodeName);
  return { pod: referenceTo(pod), node: node ? referenceTo(node) : { name: nodeName, uid: '' } };
}

function referenceTo({ metadata }: KubeObject): BoundReference {
  return { name: metadata.name, uid: metadata.uid };
}
