/**
 * Whoever makes an object depend on another must be able to do what follows from it: that it is deleted, or that the
 * owner cannot be before it is.
 *
 * Mirrors: plugin/pkg/admission/gc/gc_admission.go (v1.36)
 */
import { deepEqual, parseApiVersion, type OwnerReference } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { resourceAttributes, type AuthorizationAttributes, type Authorizer } from '../authorization/authorizer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';

/** Finds the resource of a kind. */
export type FindKind = (group: string, version: string, kind: string) => ResourceDefinition | undefined;

export function ownerReferencesPermissionEnforcement(authorizer: Authorizer, findKind: FindKind): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    validate(attributes) {
      const { operation, definition, subresource, object, old } = attributes;
      if (!object || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      if (definition.group === '' && definition.plural === 'pods' && subresource === 'status') return;
      const now = object.metadata.ownerReferences ?? [];
      const before = old?.metadata.ownerReferences ?? [];
      if (deepEqual(now, before)) return;
      const refuse = (asked: AuthorizationAttributes, message: string): void => {
        const { decision, reason, error } = authorizer.authorize(attributes.request.user, asked);
        if (decision === 'allow') return;
        throw forbiddenBy(attributes, `${message}: ${reason}, ${error ?? '<nil>'}`);
      };
      if (operation === 'UPDATE') {
        refuse(deletionOf(attributes), "cannot set an ownerRef on a resource you can't delete");
      }
      for (const owner of newlyBlocking(now, before)) {
        const { group, version } = parseApiVersion(owner.apiVersion);
        const resource = findKind(group, version, owner.kind);
        if (!resource) {
          throw forbiddenBy(
            attributes,
            `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`,
          );
        }
        refuse(
          finalizationOf(owner, resource, attributes.namespace),
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
        );
      }
    },
  };
}

function deletionOf({ definition, subresource, namespace, name }: AdmissionAttributes): AuthorizationAttributes {
  const { group, version, plural } = definition;
  return resourceAttributes({ verb: 'delete', group, version, resource: plural, subresource, namespace, name });
}

function finalizationOf(
  { name }: OwnerReference,
  { group, version, plural, namespaced }: ResourceDefinition,
  home: string,
): AuthorizationAttributes {
  const namespace = namespaced ? home : '';
  return resourceAttributes({
    verb: 'update',
    group,
    version,
    resource: plural,
    subresource: 'finalizers',
    namespace,
    name,
  });
}

function newlyBlocking(now: readonly OwnerReference[], before: readonly OwnerReference[]): readonly OwnerReference[] {
  const blocked = new Set(before.filter(({ blockOwnerDeletion }) => blockOwnerDeletion).map(({ uid }) => uid));
  return now.filter(({ blockOwnerDeletion, uid }) => blockOwnerDeletion && !blocked.has(uid));
}
