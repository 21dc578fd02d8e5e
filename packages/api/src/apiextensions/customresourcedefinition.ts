import type { Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { sameValue } from '../field-checks.ts';
import type { CustomResourceDefinition } from '../gen/apiextensions-v1.gen.ts';

const HTTPS_PORT = 443;

/**
 * Kinds that users bring.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition,
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go (v1.36)
 * Differs: schemas are not validated here: that takes a CEL compiler, which a higher layer has.
 */
export const customResourceDefinitions = defineResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: setDefinitionDefaults,
    prepareForCreate: (draft) => {
      draft.status = { storedVersions: storageVersionsOf(draft) };
    },
    prepareForUpdate: (draft, _old, { subresource }) => {
      if (subresource !== '' || !draft.status) return;
      const stored = draft.status.storedVersions ?? [];
      // The status is the old object's own.
      draft.status = { ...draft.status, storedVersions: [...new Set([...stored, ...storageVersionsOf(draft)])] };
    },
    generation: (definition, old) => !sameValue(definition.spec, old.spec),
    cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp ?? null],
  },
);

function setDefinitionDefaults(draft: Draft<CustomResourceDefinition>): void {
  const { names } = draft.spec;
  if (!names.singular) names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  const conversion = (draft.spec.conversion ??= { strategy: 'None' });
  const service = conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= HTTPS_PORT;
  const status = (draft.status ??= {});
  if (!status.storedVersions?.length) status.storedVersions = storageVersionsOf(draft);
}

/** One name at most: the first version that objects are stored in. */
function storageVersionsOf({ spec }: Pick<Draft<CustomResourceDefinition>, 'spec'>): string[] {
  const version = (spec.versions ?? []).find(({ storage }) => storage);
  return version ? [version.name] : [];
}
