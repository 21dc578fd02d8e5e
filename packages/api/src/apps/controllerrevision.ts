import { FieldPath, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegative } from '../field-checks.ts';
import type { ControllerRevision } from '../gen/apps-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';

/**
 * A past or present template of a stateful set or daemon set.
 *
 * Mirrors: pkg/registry/apps/controllerrevision, ValidateControllerRevision... in pkg/apis/apps/validation (v1.36)
 */
export const controllerRevisions = defineResource<ControllerRevision>('apps/v1', 'controllerrevisions', {
  generation: 'none',
  validate: (revision) => [...validateRevision(revision), ...validateData(revision.data)],
  validateUpdate: validateRevisionUpdate,
  cells: ({ metadata, revision }, now) => [
    metadata.name,
    controllerText(metadata.ownerReferences),
    revision ?? 0,
    age(metadata.creationTimestamp, now),
  ],
});

const validateRevision = ({ revision }: ControllerRevision): FieldError[] =>
  checkNonNegative(revision, FieldPath.of('revision'));

function validateRevisionUpdate(revision: ControllerRevision, old: ControllerRevision): FieldError[] {
  return [
    ...validateObjectMeta(revision.metadata, controllerRevisions),
    ...validateRevision(revision),
    ...checkImmutable(revision.data, old.data, FieldPath.of('data')),
  ];
}

function validateData(data: unknown): FieldError[] {
  const path = FieldPath.of('data');
  if (data === undefined || data === null) return [required(path, 'data is mandatory')];
  const isObject = typeof data === 'object' && !Array.isArray(data);
  return isObject ? [] : [required(path, 'data must be a valid JSON object')];
}

/** `statefulset.apps/web`. */
function controllerText(references: ControllerRevision['metadata']['ownerReferences']): string {
  const owner = references?.find(({ controller }) => controller);
  if (!owner) return '<none>';
  const slash = owner.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}
