/** Columns that validating and mutating policies share. */
import { formatLabelSelector } from '@kts/apimachinery';
import type { ParamKind, ParamRef } from '../gen/admissionregistration-v1.gen.ts';

export function paramKindText(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>';
}

/** Whether the parameter has a namespace cannot be told from here. */
export function paramRefText(reference: ParamRef | undefined): string {
  if (reference?.name) return `${reference.namespace || '*'}/${reference.name}`;
  return reference?.selector ? formatLabelSelector(reference.selector) : '<unset>';
}
