import { FieldPath, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable } from '../field-checks.ts';
import type { ResourceClaimTemplate } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateClaimTemplateMeta } from '../metadata-validation.ts';
import { validateClaimSpec } from './device-claim-validation.ts';
import { loadForSelectors, selectorsOf } from './device-selector-validation.ts';
import { setClaimDefaults } from './device-request-defaults.ts';

const SPEC = FieldPath.of('spec');

/**
 * Claims to be made for pods.
 *
 * Mirrors: pkg/registry/resource/resourceclaimtemplate, pkg/apis/resource/v1, pkg/apis/resource/validation (v1.36)
 */
export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'resourceclaimtemplates',
  {
    generation: 'none',
    setDefaults: ({ spec }) => setClaimDefaults(spec.spec),
    load: ({ spec }) => loadForSelectors(selectorsOf(spec?.spec?.devices)),
    validate: validateTemplate,
    validateUpdate: (template, old) => [
      ...validateTemplate(template),
      ...checkImmutable(template.spec, old.spec, SPEC, 'resource.v1.ResourceClaimTemplateSpec'),
    ],
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
);

function validateTemplate({ spec }: ResourceClaimTemplate): FieldError[] {
  return [
    ...validateClaimTemplateMeta(spec?.metadata, SPEC.child('metadata')),
    ...validateClaimSpec(spec?.spec, SPEC.child('spec')),
  ];
}
