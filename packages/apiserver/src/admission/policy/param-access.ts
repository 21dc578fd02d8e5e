/**
 * Whoever makes a policy read its parameters must be allowed to read them.
 *
 * Mirrors: pkg/registry/admissionregistration/{validatingadmissionpolicy,mutatingadmissionpolicy}/authz.go and those of
 * their bindings (v1.36)
 * Differs: looked at after validation as a plugin, because strategies know nothing of permissions.
 */
import { deepEqual, FieldPath, forbidden, invalidObject, parseApiVersion } from '@kts/apimachinery';
import { mutatingAdmissionPolicies, validatingAdmissionPolicies } from '@kts/api';
import type { ParamKind } from '@kts/api/types/admissionregistration-v1';

import { resourceAttributes, type AuthorizationResult, type Authorizer } from '../../authorization/authorizer.ts';
import type { ResourceCatalog } from '../../discovery/catalog.ts';
import type { UserInfo } from '../../request.ts';
import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import type { AdmissionPolicy, PolicyBinding } from './policy-hook.ts';

export interface ParamAccessParts {
  readonly live: LiveObjects;
  readonly catalog: Pick<ResourceCatalog, 'findKind'>;
  readonly authorizer: Authorizer;
}

const SUPERUSERS = 'system:masters';
const GROUP = 'admissionregistration.k8s.io';
const POLICIES: ReadonlySet<string> = new Set([
  `validatingadmissionpolicies.${GROUP}`,
  `mutatingadmissionpolicies.${GROUP}`,
]);
const BINDINGS: ReadonlySet<string> = new Set([
  `validatingadmissionpolicybindings.${GROUP}`,
  `mutatingadmissionpolicybindings.${GROUP}`,
]);

export function paramAccess(parts: ParamAccessParts): AdmissionPlugin {
  return {
    name: 'ParamAccess',
    validate(attributes) {
      const { object, subresource, request } = attributes;
      if (attributes.definition.group !== GROUP || !object || subresource !== '') return undefined;
      if (request.user.groups.includes(SUPERUSERS)) return undefined;
      if (POLICIES.has(resourceOf(attributes))) return checkPolicy(parts, attributes);
      return BINDINGS.has(resourceOf(attributes)) ? checkBinding(parts, attributes) : undefined;
    },
  };
}

function checkPolicy({ authorizer, catalog }: ParamAccessParts, attributes: AdmissionAttributes): void {
  const { paramKind } = (attributes.object as unknown as AdmissionPolicy).spec;
  const before = attributes.old as AdmissionPolicy | undefined;
  if (!paramKind || (before && deepEqual(before.spec.paramKind, paramKind))) return;
  const { user } = attributes.request;
  const asked = { verb: 'get', name: '*', namespace: '*', ...resourceNames(catalog, paramKind) };
  if (isAllowed(authorizer.authorize(user, resourceAttributes(asked)))) return;
  const { kind = '', apiVersion = '' } = paramKind;
  const text = `user ${userText(user)} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
  refuse(attributes, 'paramKind', text);
}

async function checkBinding(
  { authorizer, catalog, live }: ParamAccessParts,
  attributes: AdmissionAttributes,
): Promise<void> {
  const { paramRef, policyName = '' } = (attributes.object as unknown as PolicyBinding).spec;
  if (!paramRef) return;
  const resource = attributes.definition.plural.startsWith('validating')
    ? validatingAdmissionPolicies
    : mutatingAdmissionPolicies;
  const policy: AdmissionPolicy | undefined = await live.get<AdmissionPolicy>(resource, '', policyName);
  const paramKind = policy?.spec.paramKind;
  const names = paramKind ? resourceNames(catalog, paramKind) : EVERYTHING;
  const { name = '', namespace = '' } = paramRef;
  const verb = name ? 'get' : 'list';
  const { user } = attributes.request;
  if (isAllowed(authorizer.authorize(user, resourceAttributes({ verb, name, namespace, ...names })))) return;
  const who = `user ${userText(user)} does not have "${verb}" permission`;
  const everywhere = `to determine minimum required permissions and ${who} for all groups, versions and resources`;
  if (!policy) refuse(attributes, 'paramRef', `unable to get policy ${policyName} ${everywhere}`);
  const { apiVersion = '', kind = '' } = paramKind ?? {};
  if (names.resource === '*' && paramKind) {
    refuse(
      attributes,
      'paramRef',
      `unable to resolve paramKind &ParamKind{APIVersion:${apiVersion},Kind:${kind},} ${everywhere}`,
    );
  }
  refuse(attributes, 'paramRef', `${who} on the object referenced by paramRef`);
}

const EVERYTHING = { group: '*', version: '*', resource: '*' };

function resourceNames(catalog: Pick<ResourceCatalog, 'findKind'>, { apiVersion = '', kind = '' }: ParamKind) {
  const { group, version } = parseApiVersion(apiVersion);
  return { group, version, resource: catalog.findKind(group, version, kind)?.plural ?? '*' };
}

function isAllowed({ decision }: AuthorizationResult): boolean {
  return decision === 'allow';
}

function refuse({ definition, object }: AdmissionAttributes, field: string, text: string): never {
  const { group, kind } = definition;
  throw invalidObject({ group, kind }, object?.metadata.name ?? '', [forbidden(FieldPath.of('spec', field), text)]);
}

/** As Go prints the struct. */
function userText({ name, uid = '', groups, extra = {} }: UserInfo): string {
  const pairs = Object.keys(extra)
    .toSorted()
    .map((key) => `${key}:[${extra[key]!.join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${pairs.join(' ')}]}`;
}
