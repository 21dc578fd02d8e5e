import { formatTime } from '@kts/base';
import type { Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { CertificateSigningRequest } from '../gen/certificates-v1.gen.ts';
import { age, humanDuration } from '../human-duration.ts';
import type { StrategyContext } from '../resource-definition.ts';
import { validateSigningRequest, validateSigningRequestUpdate } from './signing-request-validation.ts';

/**
 * A wish for a certificate.
 *
 * Mirrors: pkg/registry/certificates/certificates/strategy.go (v1.36)
 */
export const certificateSigningRequests = defineResource<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
  {
    generation: 'none',
    validateName: () => [],
    prepareForCreate: (draft, { user }) => {
      for (const field of ['uid', 'groups', 'extra', 'username'] as const) delete draft.spec[field];
      if (user) {
        const { name, uid, groups, extra = {} } = user;
        draft.spec.username = name;
        if (uid) draft.spec.uid = uid;
        if (groups.length > 0) draft.spec.groups = [...groups];
        if (Object.keys(extra).length > 0) draft.spec.extra = structuredClone(extra) as Record<string, string[]>;
      }
      draft.status = {};
    },
    prepareForUpdate: prepareRequestForUpdate,
    validate: (request) => validateSigningRequest(request),
    validateUpdate: (request, old, { subresource }) => validateSigningRequestUpdate(request, old, subresource),
    validateStatusUpdate: (request, old) => validateSigningRequestUpdate(request, old, 'status'),
    selectableFields: ({ spec }) => ({ 'spec.signerName': spec.signerName }),
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      age(metadata.creationTimestamp, now),
      spec.signerName || '<none>',
      spec.username ?? '',
      spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
      stateText(status),
    ],
  },
);

/** Requests do not change; `/approval` writes conditions and nothing else, `/status` everything but approvals. */
function prepareRequestForUpdate(
  draft: Draft<CertificateSigningRequest>,
  old: CertificateSigningRequest,
  { now, subresource }: StrategyContext,
): void {
  draft.spec = structuredClone(old.spec) as Draft<CertificateSigningRequest>['spec'];
  if (subresource === '') return;
  const before = structuredClone(old.status ?? {}) as NonNullable<Draft<CertificateSigningRequest>['status']>;
  const oldConditions = before.conditions ?? [];
  if (subresource === 'approval') {
    const { conditions } = draft.status ?? {};
    draft.status = { ...before };
    delete draft.status.conditions;
    if (conditions) draft.status.conditions = conditions;
  }
  const conditions = draft.status?.conditions ?? [];
  if (subresource === 'status') {
    for (const type of ['Approved', 'Denied']) {
      const kept = oldConditions.filter((condition) => condition.type === type);
      const given = conditions.filter((condition) => condition.type === type);
      if (kept.length === given.length) given.forEach((condition, index) => Object.assign(condition, kept[index]));
    }
  }
  const time = formatTime(now);
  for (const condition of conditions) {
    condition.lastUpdateTime ??= time;
    condition.lastTransitionTime ??=
      oldConditions.find(({ type, status }) => type === condition.type && status === condition.status)
        ?.lastTransitionTime ?? time;
  }
}

/** Denied wins over approved; failed and issued are said in addition. */
function stateText(status: CertificateSigningRequest['status']): string {
  const types = new Set(status?.conditions?.map(({ type }) => type));
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${types.has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}
