/**
 * Fields that only some operating systems, or some combinations of namespaces, allow.
 *
 * Mirrors: validateOS, validateLinux, validateWindows, validateWindowsHostProcessPod and validateHostUsers in
 * pkg/apis/core/validation/validation.go (v1.36)
 */
import { forbidden, invalid, type FieldError, type FieldPath } from '@kts/apimachinery';
import { checkChoice } from '../field-checks.ts';
import type { PodSpec } from '../gen/core-v1.gen.ts';
import { containersOf } from './pod-containers-of.ts';
import type { PodRules } from './pod-rules.ts';

const LINUX_POD_FIELDS = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
const LINUX_POD_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const LINUX_CONTAINER_CONTEXT_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

export function validateOs(spec: PodSpec, path: FieldPath): FieldError[] {
  if (!spec.os) return [];
  const errors = spec.os.name
    ? ['linux', 'windows'].includes(spec.os.name)
      ? []
      : checkChoice(spec.os.name, ['linux', 'windows'], path.child('os'))
    : checkChoice(spec.os.name, [], path.child('os', 'name'));
  if (errors.length > 0) return errors;
  return spec.os.name === 'linux' ? refuseWindowsOptions(spec, path) : refuseLinuxFields(spec, path);
}

function refuseWindowsOptions(spec: PodSpec, path: FieldPath): FieldError[] {
  const contexts = [
    { context: spec.securityContext, path },
    ...containersOf(spec, path).map(({ container, path: at }) => ({ context: container.securityContext, path: at })),
  ];
  return contexts
    .filter(({ context }) => context?.windowsOptions)
    .map(({ path: at }) =>
      forbidden(at.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod'),
    );
}

function refuseLinuxFields(spec: PodSpec, path: FieldPath): FieldError[] {
  const refuse = (at: FieldPath): FieldError => forbidden(at, 'cannot be set for a windows pod');
  const context = spec.securityContext;
  return [
    ...LINUX_POD_FIELDS.filter((field) =>
      field.startsWith('host') && field !== 'hostUsers' ? spec[field] : spec[field] !== undefined,
    ).map((field) => refuse(path.child(field))),
    ...LINUX_POD_CONTEXT_FIELDS.filter((field) => isSet(context?.[field])).map((field) =>
      refuse(path.child('securityContext', field)),
    ),
    ...containersOf(spec, path).flatMap(({ container, path: at }) =>
      LINUX_CONTAINER_CONTEXT_FIELDS.filter((field) => container.securityContext?.[field] !== undefined).map((field) =>
        refuse(at.child('securityContext', field)),
      ),
    ),
  ];
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** Host process containers of Windows come all or none, and on the host's network. */
export function validateHostProcess(spec: PodSpec, path: FieldPath): FieldError[] {
  const own = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  const containers = containersOf(spec, path);
  let count = 0;
  for (const { container, path: at } of containers) {
    const value = container.securityContext?.windowsOptions?.hostProcess;
    if (own !== undefined && value !== undefined && own !== value) {
      const text = `pod hostProcess value must be identical if both are specified, was ${own}`;
      errors.push(invalid(at.child('securityContext', 'windowsOptions', 'hostProcess'), value, text));
    }
    if (value ?? own) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length) {
    const text = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', text));
  }
  if (!spec.hostNetwork) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(path.child('hostNetwork'), false, text));
  }
  return errors;
}

/** A user namespace of its own goes with few of the host's other namespaces. */
export function validateHostUsers(spec: PodSpec, path: FieldPath, rules: PodRules): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const refuse = (at: FieldPath): FieldError => forbidden(at, 'when `hostUsers` is false');
  const errors: FieldError[] = [];
  if (spec.hostNetwork && !rules.allowUserNamespacesWithHostNetwork) errors.push(refuse(path.child('hostNetwork')));
  if (spec.hostPID) errors.push(refuse(path.child('HostPID')));
  if (spec.hostIPC) errors.push(refuse(path.child('HostIPC')));
  if (rules.allowUserNamespacesWithDevices) return errors;
  return [
    ...errors,
    ...containersOf(spec, path)
      .filter(({ container }) => container.volumeDevices?.length)
      .map(({ path: at }) => refuse(at.child('volumeDevices'))),
  ];
}
