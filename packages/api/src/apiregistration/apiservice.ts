import { isPathSegmentName } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import { defineResource } from '../define-resource.ts';
import type { APIService } from '../gen/apiregistration-v1.gen.ts';
import { age } from '../human-duration.ts';

const HTTPS_PORT = 443;

/**
 * Which server answers for a version of a group.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice (v1.36)
 * Differs: the specification is not validated yet beyond its schema.
 */
export const apiServices = defineResource<APIService>('apiregistration.k8s.io/v1', 'apiservices', {
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  // `v1.apps`, and `v1.` for the core group.
  validateName: isPathSegmentName,
  setDefaults: ({ spec }) => {
    if (spec.service) spec.service.port ??= HTTPS_PORT;
  },
  // What this server itself answers for is there at once.
  prepareForCreate: (draft, { now }) => {
    const available = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: formatTime(now),
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    draft.status = draft.spec.service ? {} : { conditions: [available] };
  },
  cells: ({ metadata, spec: { service }, status }, now) => {
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    const reason = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : '';
    return [
      metadata.name,
      service ? `${service.namespace ?? ''}/${service.name ?? ''}` : 'Local',
      `${available?.status ?? 'Unknown'}${reason}`,
      age(metadata.creationTimestamp, now),
    ];
  },
});
