/**
 * Claims of devices depend on more than the claim. Access to devices as an administrator, beside those who use them, is
 * only for namespaces that say so, and the status is written by those who may do what it says.
 *
 * Mirrors: AuthorizedForAdmin and AuthorizedForAdminStatus in pkg/registry/resource/utils.go (v1.36)
 * Differs: what else is wrong with the object is said once this is right.
 */
import { FieldPath, forbidden, invalidObject, type FieldError } from '@kts/apimachinery';
import { namespaces } from '@kts/api';
import type { ResourceClaim, ResourceClaimSpec, ResourceClaimTemplate } from '@kts/api/types/resource-v1';

import type { LiveObjects } from '../admission/live-objects.ts';
import { internalKind } from './before-create.ts';
import { authorizeClaimStatus } from './claim-status-authorization.ts';
import type { ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';
import type { ResourceHooks, Transaction } from './resource-hooks.ts';

const LABEL = 'resource.kubernetes.io/admin-access';
const REFUSAL = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;
const NOTHING: Transaction = { finish: () => Promise.resolve() };

/** What was asked for is fixed from the start, and so is what has been allocated once. */
export function claimHooks(live: LiveObjects): [string, ResourceHooks][] {
  const adminErrors = async (scope: RequestScope, path: FieldPath | undefined): Promise<FieldError[]> => {
    if (!path) return [];
    const namespace = await live.get(namespaces, '', scope.namespace);
    return namespace?.metadata.labels?.[LABEL] === 'true' ? [] : [forbidden(path, REFUSAL)];
  };
  return [
    [
      'resourceclaims',
      {
        begin: async (scope, draft, old) => {
          const path = old ? undefined : requestedAt((draft as unknown as ResourceClaim).spec);
          return accept(scope, draft, await adminErrors(scope, path));
        },
        beginStatus: async (scope, draft, old) => {
          const claim = draft as unknown as ResourceClaim;
          const before = old as ResourceClaim;
          const { request, registry } = scope;
          const writer = { user: request.user, info: request.info, authorizer: registry.authorizer };
          return accept(scope, draft, [
            ...(await adminErrors(scope, grantedAt(before) ? undefined : grantedAt(claim))),
            ...authorizeClaimStatus(writer, claim.status ?? {}, before.status ?? {}),
          ]);
        },
      },
    ],
    [
      'resourceclaimtemplates',
      {
        begin: async (scope, draft, old) => {
          const { spec } = (draft as unknown as Partial<ResourceClaimTemplate>).spec ?? {};
          return accept(scope, draft, await adminErrors(scope, old ? undefined : requestedAt(spec)));
        },
      },
    ],
  ];
}

function accept({ definition }: RequestScope, draft: ObjectDraft, errors: readonly FieldError[]): Transaction {
  if (errors.length > 0) throw invalidObject(internalKind(definition), draft.metadata.name, errors);
  return NOTHING;
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
