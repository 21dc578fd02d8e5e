import { FieldPath, invalid, isQualifiedName, nameIsDNSLabel, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { invalidEach } from '../field-checks.ts';
import type { Namespace } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateStandardFinalizers } from '../metadata-validation.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';

/**
 * A scope for names. It goes away only when everything in it has gone, which its own finalizer waits for.
 *
 * Mirrors: pkg/registry/core/namespace/strategy.go (v1.36)
 */
export const namespaces = defineResource<Namespace>('v1', 'namespaces', {
  generation: 'none',
  validateName: nameIsDNSLabel,
  setDefaults: ({ metadata, ...namespace }) => {
    if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
    if (namespace.status && !namespace.status.phase) namespace.status.phase = 'Active';
  },
  prepareForCreate: (draft) => {
    draft.status = { phase: 'Active' };
    draft.spec ??= {};
    const finalizers = draft.spec.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) draft.spec.finalizers = [...finalizers, FINALIZER];
    if (draft.metadata.name) draft.metadata.labels = { ...draft.metadata.labels, [NAME_LABEL]: draft.metadata.name };
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource === 'status') return;
    if (old.status) draft.status = { ...old.status, conditions: [...(old.status.conditions ?? [])] };
    if (subresource === '' && old.spec?.finalizers) draft.spec = { finalizers: [...old.spec.finalizers] };
  },
  validate: ({ spec }) => validateFinalizers(spec?.finalizers, () => FieldPath.of('spec', 'finalizers')),
  validateUpdate: ({ spec }, _old, { subresource }) =>
    subresource === 'finalize'
      ? validateFinalizers(spec?.finalizers, (index) => FieldPath.of('spec', 'finalizers').index(index))
      : [],
  validateStatusUpdate: validatePhase,
  selectableFields: ({ metadata, status }) => ({ 'status.phase': status?.phase ?? '', name: metadata.name }),
  cells: ({ metadata, status }, now) => [metadata.name, status?.phase ?? '', age(metadata.creationTimestamp, now)],
});

function validateFinalizers(names: readonly string[] = [], pathOf: (index: number) => FieldPath): FieldError[] {
  return names.flatMap((name, index) => [
    ...invalidEach(pathOf(index), name, isQualifiedName(name)),
    ...validateStandardFinalizers([name], () => pathOf(index)),
  ]);
}

function validatePhase({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? '';
  const path = FieldPath.of('status', 'Phase');
  if (!metadata.deletionTimestamp) {
    const text = "may only be 'Active' if `deletionTimestamp` is empty";
    return phase === 'Active' ? [] : [invalid(path, phase, text)];
  }
  const text = "may only be 'Terminating' if `deletionTimestamp` is not empty";
  return phase === 'Terminating' ? [] : [invalid(path, phase, text)];
}
