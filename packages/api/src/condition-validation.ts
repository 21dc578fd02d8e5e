/**
 * Conditions of an object's status.
 *
 * Mirrors: ValidateConditions in staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (v1.36)
 */
import {
  duplicate,
  invalid,
  notSupported,
  regexError,
  required,
  tooLong,
  type Condition,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { byteLength, checkQualifiedName } from './field-checks.ts';

const STATUSES = ['False', 'True', 'Unknown'];
const REASON_BYTES_MAX = 1024;
const MESSAGE_BYTES_MAX = 32 * 1024;
const REASON_FORMAT = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON = new RegExp(`^${REASON_FORMAT}$`);
const REASON_TEXT =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const REASON_EXAMPLES = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];

export function validateConditions(conditions: readonly Condition[] | undefined, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const at = path.index(index);
    const again = seen.has(condition.type);
    seen.add(condition.type);
    return [...(again ? [duplicate(at.child('type'), condition.type)] : []), ...validateCondition(condition, at)];
  });
}

function validateCondition(condition: Condition, path: FieldPath): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message } = condition;
  const errors = checkQualifiedName(type ?? '', path.child('type'));
  if (!STATUSES.includes(status)) errors.push(notSupported(path.child('status'), status ?? '', STATUSES));
  if (observedGeneration < 0) {
    const text = 'must be greater than or equal to zero';
    errors.push(invalid(path.child('observedGeneration'), observedGeneration, text));
  }
  if (!lastTransitionTime) errors.push(required(path.child('lastTransitionTime')));
  errors.push(...validateReason(reason, path.child('reason')));
  if (byteLength(message ?? '') > MESSAGE_BYTES_MAX) errors.push(tooLong(path.child('message'), MESSAGE_BYTES_MAX));
  return errors;
}

function validateReason(reason: string | undefined, path: FieldPath): FieldError[] {
  if (!reason) return [required(path)];
  return [
    ...(REASON.test(reason) ? [] : [invalid(path, reason, regexError(REASON_TEXT, REASON_FORMAT, ...REASON_EXAMPLES))]),
    ...(byteLength(reason) > REASON_BYTES_MAX ? [tooLong(path, REASON_BYTES_MAX)] : []),
  ];
}
