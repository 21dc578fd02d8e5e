/**
 * Access to devices as an administrator, beside those who use them, is only for namespaces that say so.
 *
 * Mirrors: AuthorizedForAdmin and AuthorizedForAdminStatus in pkg/registry/resource/utils.go (v1.36)
 * Differs: what else is wrong with the object is said once this is right.
 */
import { FieldPath, forbidden, invalidObject } from '@kts/apimachinery';
import { namespaces } from '@kts/api';
import type { ResourceClaim, ResourceClaimSpec, ResourceClaimTemplate } from '@kts/api/types/resource-v1';

import type { LiveObjects } from '../admission/live-objects.ts';
import { internalKind } from './before-create.ts';
import type { RequestScope } from './request-scope.ts';
import type { ResourceHooks, Transaction } from './resource-hooks.ts';

const LABEL = 'resource.kubernetes.io/admin-access';
const REFUSAL = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;
const NOTHING: Transaction = { finish: () => Promise.resolve() };

/** What was asked for is fixed from the start, and so is what has been allocated once. */
export function adminAccessHooks(live: LiveObjects): [string, ResourceHooks][] {
  const check = async (scope: RequestScope, name: string, path: FieldPath | undefined): Promise<Transaction> => {
    if (!path) return NOTHING;
    const namespace = await live.get(namespaces, '', scope.namespace);
    if (namespace?.metadata.labels?.[LABEL] === 'true') return NOTHING;
    throw invalidObject(internalKind(scope.definition), name, [forbidden(path, REFUSAL)]);
  };
  return [
    [
      'resourceclaims',
      {
        begin: (scope, draft, old) =>
          check(scope, draft.metadata.name, old ? undefined : requestedAt((draft as unknown as ResourceClaim).spec)),
        beginStatus: (scope, draft, old) => {
          const granted = grantedAt(old as ResourceClaim) ? undefined : grantedAt(draft as unknown as ResourceClaim);
          return check(scope, draft.metadata.name, granted);
        },
      },
    ],
    [
      'resourceclaimtemplates',
      {
        begin: (scope, draft, old) => {
          const { spec } = (draft as unknown as ResourceClaimTemplate).spec;
          return check(scope, draft.metadata.name, old ? undefined : requestedAt(spec));
        },
      },
    ],
  ];
}

function requestedAt(spec: ResourceClaimSpec | undefined): FieldPath | undefined {
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess);
  return index < 0 ? undefined : FieldPath.of('spec', 'devices', 'requests').index(index).child('adminAccess');
}

function grantedAt({ status }: ResourceClaim): FieldPath | undefined {
  const index = (status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess);
  if (index < 0) return undefined;
  return FieldPath.of('status', 'allocation', 'devices', 'results').index(index).child('adminAccess');
}
