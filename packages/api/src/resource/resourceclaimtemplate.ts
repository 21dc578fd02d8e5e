import { FieldPath } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable } from '../field-checks.ts';
import type { ResourceClaimTemplate } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setClaimDefaults } from './device-request-defaults.ts';

/**
 * Claims to be made for pods.
 *
 * Mirrors: pkg/registry/resource/resourceclaimtemplate, pkg/apis/resource/v1 (v1.36)
 * Differs: requests are not validated yet beyond their schema.
 */
export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'resourceclaimtemplates',
  {
    generation: 'none',
    setDefaults: ({ spec }) => setClaimDefaults(spec.spec),
    validateUpdate: ({ spec }, old) =>
      checkImmutable(spec, old.spec, FieldPath.of('spec'), 'resource.v1.ResourceClaimTemplateSpec'),
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
);
