/**
 * Kernel parameters of a pod.
 *
 * Mirrors: validateSysctls in pkg/apis/core/validation/validation.go, component-helpers/node/util/sysctl (v1.36)
 */
import { duplicate, invalid, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { PodSpec, Sysctl } from '../gen/core-v1.gen.ts';

const NAME_LENGTH_MAX = 253;
const SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const NAME_PATTERN = `^(${SEGMENT}[\\./])*${SEGMENT}$`;
const NAME = new RegExp(NAME_PATTERN);

export function validateSysctls(
  sysctls: readonly Sysctl[],
  spec: PodSpec,
  path: FieldPath,
  allowHostNamespaces: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name = '' }] of sysctls.entries()) {
    const at = path.index(index).child('name');
    if (!name) errors.push(required(at));
    else if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) {
      const text = `must have at most ${NAME_LENGTH_MAX} characters and match regex ${NAME_PATTERN}`;
      errors.push(invalid(at, name, text));
    } else if (seen.has(name)) errors.push(duplicate(at, name));
    const conflict = allowHostNamespaces ? undefined : sysctlConflict(name, spec);
    if (conflict) errors.push(invalid(at, name, conflict));
    seen.add(name);
  }
  return errors;
}

/** Why a parameter of a namespace that the pod shares with the host may not be set. */
export function sysctlConflict(name: string, spec: PodSpec): string | undefined {
  const namespace = namespaceOf(dotted(name));
  if (spec.hostNetwork && namespace === 'net') return "may not be specified when 'hostNetwork' is true";
  if (spec.hostIPC && namespace === 'ipc') return "may not be specified when 'hostIPC' is true";
  return undefined;
}

function namespaceOf(name: string): 'net' | 'ipc' | undefined {
  if (name.startsWith('net.')) return 'net';
  if (name.startsWith('fs.mqueue.') || name.startsWith('kernel.shm') || name.startsWith('kernel.msg')) return 'ipc';
  return name === 'kernel.sem' ? 'ipc' : undefined;
}

/** With slashes as separators, dots and slashes change places. */
function dotted(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  return name.replaceAll(/[./]/g, (character) => (character === '.' ? '/' : '.'));
}
