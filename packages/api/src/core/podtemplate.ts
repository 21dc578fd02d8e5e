import { FieldPath } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { PodTemplate } from '../gen/core-v1.gen.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { dropDisabledPodFields } from './pod-disabled-fields.ts';
import { rulesForTemplate } from './pod-rules.ts';
import { validatePodTemplateSpec } from './pod-spec-validation.ts';
import { containerCells, formatLabels, isRevised } from './pod-template.ts';
import { templateWarnings } from './pod-warnings.ts';

const TEMPLATE = FieldPath.of('template');

/**
 * A template on its own.
 *
 * Mirrors: pkg/registry/core/podtemplate (v1.36)
 */
export const podTemplates = defineResource<PodTemplate>('v1', 'podtemplates', {
  setDefaults: (draft) => {
    draft.template ??= {};
    setPodTemplateDefaults(draft.template);
  },
  prepareForCreate: (draft) => dropDisabledPodFields(draft.template!.spec!),
  prepareForUpdate: (draft, old) => dropDisabledPodFields(draft.template!.spec!, old.template?.spec),
  validate: ({ template }) => validatePodTemplateSpec(template, TEMPLATE, rulesForTemplate(undefined)),
  validateUpdate: ({ template }, old) => validatePodTemplateSpec(template, TEMPLATE, rulesForTemplate(old.template)),
  warnings: (object, old) => (isRevised(object, old) ? templateWarnings(object.template, TEMPLATE) : []),
  cells: ({ metadata, template }) => [
    metadata.name,
    ...containerCells(template?.spec?.containers),
    formatLabels(template?.metadata?.labels),
  ],
});
