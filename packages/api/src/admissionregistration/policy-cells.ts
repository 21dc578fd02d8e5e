/** Columns that validating and mutating policies share. */
import type { LabelSelector } from '@kts/apimachinery';
import type { ParamKind, ParamRef } from '../gen/admissionregistration-v1.gen.ts';

export function paramKindText(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>';
}

/** Whether the parameter has a namespace cannot be told from here. */
export function paramRefText(reference: ParamRef | undefined): string {
  if (reference?.name) return `${reference.namespace || '*'}/${reference.name}`;
  return reference?.selector ? selectorText(reference.selector) : '<unset>';
}

/** As Go prints the struct. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .toSorted()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(({ key, operator, values }) => {
    return `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(' ')}],},`;
  });
  const labelsText = `map[string]string{${labels.join('')}}`;
  return `&LabelSelector{MatchLabels:${labelsText},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
