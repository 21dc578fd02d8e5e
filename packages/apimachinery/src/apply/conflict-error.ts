import { failure, type StatusError } from '../status-error.ts';
import { pathsOf, type FieldSet } from './field-set.ts';
import type { Manager, Managers } from './managers.ts';
import { pathText } from './path-element.ts';

/**
 * The answer to an apply that would take fields from others: one cause per field.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go (v1.36)
 */
export function conflictError(conflicts: ReadonlyMap<string, FieldSet>, managers: Managers): StatusError {
  const byManager = [...conflicts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, fields]) => ({ owner: ownerText(managers.get(id)!), paths: pathsOf(fields).map(pathText) }));
  const causes = byManager.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  const [first] = byManager;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: conflict with ${first!.owner}: ${first!.paths[0]}`
      : `Apply failed with ${causes.length} conflicts: ${byManager
          .map(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)].join('\n'))
          .join('\n')}`;
  return failure('Conflict', message, { causes });
}

function ownerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
