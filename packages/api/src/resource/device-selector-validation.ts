/**
 * Expressions that select devices.
 *
 * Mirrors: validateSelector in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { forbidden, invalid, required, tooLong, type FieldError, type FieldPath } from '@kts/apimachinery';
import { byteLength } from '../field-checks.ts';
import type { DeviceClaim, DeviceSelector } from '../gen/resource-v1.gen.ts';
import { validateBoundedList } from './bounded-collections.ts';
import type { selectorProblem } from './device-selector-compiler.ts';

const SELECTORS_MAX = 32;
const EXPRESSION_BYTES_MAX = 10 * 1024;

let problemOf: typeof selectorProblem | undefined;

/** The compiler of expressions is loaded with the first object that has one. Undefined if there is nothing to wait for. */
export function loadForSelectors(selectors: readonly DeviceSelector[] | undefined): Promise<void> | undefined {
  return selectors?.length && !problemOf ? load() : undefined;
}

export function selectorsOf(devices: DeviceClaim | undefined): readonly DeviceSelector[] {
  return (devices?.requests ?? []).flatMap(({ exactly, firstAvailable }) =>
    [exactly, ...(firstAvailable ?? [])].flatMap((request) => request?.selectors ?? []),
  );
}

async function load(): Promise<void> {
  ({ selectorProblem: problemOf } = await import('./device-selector-compiler.ts'));
}

export function validateDeviceSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  path: FieldPath,
): FieldError[] {
  return validateBoundedList(selectors, SELECTORS_MAX, validateSelector, path);
}

function validateSelector({ cel }: DeviceSelector, path: FieldPath): FieldError[] {
  if (!cel) return [required(path.child('cel'))];
  const at = path.child('cel', 'expression');
  const expression = cel.expression ?? '';
  if (byteLength(expression) > EXPRESSION_BYTES_MAX) return [tooLong(at, EXPRESSION_BYTES_MAX)];
  if (!problemOf) throw new TypeError('the compiler of selectors is not loaded');
  const problem = problemOf(expression);
  if (!problem) return [];
  if (problem.kind === 'tooComplex') return [forbidden(at, 'too complex, exceeds cost limit')];
  return [invalid(at, expression, problem.text)];
}
