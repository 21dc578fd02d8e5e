/**
 * Annotations of nodes that are older than the fields for what they say.
 *
 * Mirrors: ValidateNodeSpecificAnnotations in pkg/apis/core/validation/validation.go (v1.36)
 */
import { FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import type { AvoidPods, PreferAvoidPodsEntry, Taint } from '../gen/core-v1.gen.ts';
import { decodeJsonText } from '../json-text.ts';

const TAINTS = 'scheduler.alpha.kubernetes.io/taints';
const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods';
const PATH = FieldPath.of('metadata', 'annotations');

export function validateNodeAnnotations(
  annotations: Readonly<Record<string, string>> = {},
  validateTaints: (taints: readonly Taint[], path: FieldPath) => FieldError[],
): FieldError[] {
  return [
    ...(annotations[TAINTS] ? validateTaintText(annotations[TAINTS], validateTaints) : []),
    ...(annotations[AVOID_PODS] ? validateAvoidedPods(annotations[AVOID_PODS]) : []),
  ];
}

function validateTaintText(
  text: string,
  validateTaints: (taints: readonly Taint[], path: FieldPath) => FieldError[],
): FieldError[] {
  const decoded = decodeJsonText(text, 'array', '[]v1.Taint');
  if ('problem' in decoded) return [invalid(PATH, TAINTS, decoded.problem)];
  return validateTaints((decoded.value ?? []) as unknown as readonly Taint[], PATH.child(TAINTS));
}

function validateAvoidedPods(text: string): FieldError[] {
  const decoded = decodeJsonText(text, 'object', 'v1.AvoidPods');
  if ('problem' in decoded) return [invalid(PATH.child('AvoidPods'), AVOID_PODS, decoded.problem)];
  const { preferAvoidPods = [] } = (decoded.value ?? {}) as unknown as AvoidPods;
  return preferAvoidPods.flatMap((entry, index) => validateEntry(entry, PATH.child(AVOID_PODS).index(index)));
}

function validateEntry({ podSignature }: Partial<PreferAvoidPodsEntry>, path: FieldPath): FieldError[] {
  const at = path.child('PodSignature');
  const owner = podSignature?.podController;
  if (!owner) return [required(at)];
  return owner.controller
    ? []
    : [invalid(at.child('PodController', 'Controller'), false, 'must point to a controller')];
}
