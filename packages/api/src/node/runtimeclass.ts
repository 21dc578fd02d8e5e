import { duplicate, FieldPath, nameIsDNSLabel, required, type FieldError } from '@kts/apimachinery';
import { deprecatedNodeLabel } from '../core/node-label-warnings.ts';
import { validateContainerResources } from '../core/resource-validation.ts';
import { validateTolerations } from '../core/scheduling-validation.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, invalidEach } from '../field-checks.ts';
import type { Toleration } from '../gen/core-v1.gen.ts';
import type { RuntimeClass } from '../gen/node-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateLabels } from '../label-validation.ts';
import { internalForm } from '../internal-form.ts';

const HANDLER = FieldPath.of('handler');

/**
 * A way of running containers that some nodes offer.
 *
 * Mirrors: pkg/registry/node/runtimeclass, pkg/apis/node/validation (v1.36)
 */
export const runtimeClasses = defineResource<RuntimeClass>('node.k8s.io/v1', 'runtimeclasses', {
  generation: 'none',
  allowCreateOnUpdate: true,
  requireResourceVersionOnUpdate: true,
  validate: validateRuntimeClass,
  validateUpdate: (runtimeClass, old) => [
    ...validateRuntimeClass(runtimeClass),
    ...checkImmutable(runtimeClass.handler, old.handler, HANDLER),
  ],
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {})
      .map(deprecatedNodeLabel)
      .filter((message) => message !== undefined)
      .map((message) => `scheduling.nodeSelector: ${message}`),
  cells: ({ metadata, handler }, now) => [metadata.name, handler ?? '', age(metadata.creationTimestamp, now)],
});

function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors = handler ? invalidEach(HANDLER, handler, nameIsDNSLabel(handler, false)) : [required(HANDLER)];
  if (overhead) {
    const limits = overhead.podFixed ?? {};
    errors.push(...validateContainerResources({ limits }, FieldPath.of('overhead'), {}));
  }
  if (!scheduling) return errors;
  const path = FieldPath.of('scheduling');
  return [
    ...errors,
    ...validateLabels(scheduling.nodeSelector, path.child('nodeSelector')),
    ...validateUniqueTolerations(scheduling.tolerations ?? [], path.child('tolerations')),
  ];
}

function validateUniqueTolerations(tolerations: readonly Toleration[], path: FieldPath): FieldError[] {
  const errors = validateTolerations(tolerations, path, { allowToleratedComparisons: false });
  const seen = new Set<string>();
  for (const [index, toleration] of tolerations.entries()) {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) errors.push(duplicate(path.index(index), internalForm('core.v1.Toleration', toleration)));
    seen.add(identity);
  }
  return errors;
}
