/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/admission.go (v1.36)
 */
import type { ManagedFieldsEntry } from '@kts/apimachinery';

import { setOrDelete } from '../registry/object-draft.ts';
import type { AdmissionAttributes } from './admission.ts';

const WARNING =
  '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests';

/** Takes back what a plugin has broken in the record of who owns which field, with a warning. */
export function checkManagedFields(
  { object, request }: AdmissionAttributes,
  before: readonly ManagedFieldsEntry[] | undefined,
): void {
  const after = object?.metadata?.managedFields;
  if (after === before || !after) return;
  const problem = after.map(problemOf).find((text) => text !== undefined);
  if (!problem) return;
  setOrDelete(object.metadata, 'managedFields', before);
  request.warnings.push(`${WARNING}: ${problem}`);
}

function problemOf({ operation, apiVersion, fieldsType }: ManagedFieldsEntry, index: number): string | undefined {
  if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
  if (!apiVersion) return 'apiVersion must not be empty';
  if (!fieldsType) return `missing fieldsType in managed fields entry ${index}`;
  if (fieldsType !== 'FieldsV1') {
    return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
  }
  return undefined;
}
