/**
 * What a kubelet or a scheduler may report about a pod.
 *
 * Mirrors: ValidatePodStatusUpdate in pkg/apis/core/validation/validation.go (v1.36)
 */
import { duplicate, FieldPath, forbidden, invalid, nameIsDNSSubdomain, type FieldError } from '@kts/apimachinery';
import { checkImmutable, checkQualifiedName, invalidEach } from '../field-checks.ts';
import type { ContainerRestartRule, ContainerStatus, Pod, PodSpec, PodStatus } from '../gen/core-v1.gen.ts';
import { checkLegacyIp, isDualStack } from '../ip-address.ts';
import { containersOf } from './pod-containers-of.ts';

const STATUS = FieldPath.of('status');
const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

export function validatePodStatus(pod: Pod, old: Pod): FieldError[] {
  const status = pod.status ?? {};
  const before = old.status ?? {};
  return [
    ...validateConditions(status),
    ...validateNomination(pod, old),
    ...((status.observedGeneration ?? 0) < 0
      ? [invalid(STATUS.child('observedGeneration'), status.observedGeneration, 'must be a non-negative integer')]
      : []),
    ...checkImmutable(status.qosClass, before.qosClass, STATUS.child('qosClass')),
    ...validateTransitions(status, before, old.spec),
    ...validateClaimStatuses(status, pod.spec),
    ...validateIps(status.podIPs, before.podIPs, STATUS.child('podIPs')),
    ...validateHostIps(status, before),
  ];
}

function validateConditions(status: PodStatus): FieldError[] {
  return (status.conditions ?? []).flatMap(({ type, observedGeneration = 0 }, index) => {
    const path = STATUS.child('conditions').index(index);
    const text = 'must be a non-negative integer';
    return [
      ...(observedGeneration < 0 ? [invalid(path.child('observedGeneration'), observedGeneration, text)] : []),
      ...(SYSTEM_CONDITIONS.includes(type) ? [] : checkQualifiedName(type ?? '', path.child('Type'))),
    ];
  });
}

function validateNomination(pod: Pod, old: Pod): FieldError[] {
  const name = pod.status?.nominatedNodeName;
  if (!name || name === old.status?.nominatedNodeName) return [];
  const path = STATUS.child('nominatedNodeName');
  const errors = invalidEach(path, name, nameIsDNSSubdomain(name, false));
  if (old.spec.nodeName) errors.push(forbidden(path, 'may not be set on pods that are already bound to a node'));
  return errors;
}

/** A container that has ended and is not to be restarted stays ended. */
function validateTransitions(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const fields = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
  const restartsAll = containersOf(spec, FieldPath.root).some(({ container }) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  );
  return fields.flatMap((field) =>
    (old[field] ?? []).flatMap((before, index) => {
      const after = status[field]?.find(({ name }) => name === before.name);
      if (!before.state?.terminated || !after || after.state?.terminated) return [];
      if (field !== 'ephemeralContainerStatuses' && (restartsAll || mayRestart(before, spec, field))) return [];
      const path = STATUS.child(field).index(index).child('state');
      return [forbidden(path, 'may not be transitioned to non-terminated state')];
    }),
  );
}

function mayRestart(
  { name, state }: ContainerStatus,
  spec: PodSpec,
  field: 'containerStatuses' | 'initContainerStatuses',
): boolean {
  const containers = field === 'containerStatuses' ? spec.containers : spec.initContainers;
  const container = containers?.find((other) => other.name === name);
  if (!container) return false;
  const exitCode = state?.terminated?.exitCode ?? 0;
  if (container.restartPolicy !== undefined) {
    if (container.restartPolicyRules?.some((rule) => matchesExit(rule, exitCode))) return true;
    return container.restartPolicy === 'Always' || (container.restartPolicy === 'OnFailure' && exitCode !== 0);
  }
  return spec.restartPolicy === 'Always' || (spec.restartPolicy === 'OnFailure' && exitCode !== 0);
}

function matchesExit({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || !exitCodes) return false;
  return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In');
}

function validateClaimStatuses(status: PodStatus, spec: PodSpec): FieldError[] {
  const known = new Set((spec.resourceClaims ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  return (status.resourceClaimStatuses ?? []).flatMap(({ name, resourceClaimName }, index) => {
    const path = STATUS.child('resourceClaimStatuses').index(index);
    const errors: FieldError[] = [];
    if (!known.has(name)) {
      errors.push(invalid(path.child('name'), name, 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (seen.has(name)) errors.push(duplicate(path.child('name'), name));
    seen.add(name);
    if (resourceClaimName === undefined) return errors;
    const complaints = nameIsDNSSubdomain(resourceClaimName, false);
    return [...errors, ...invalidEach(path.child('resourceClaimName'), resourceClaimName, complaints)];
  });
}

type Ips = readonly { readonly ip: string }[] | undefined;

function validateIps(ips: Ips = [], old: Ips = [], path: FieldPath): FieldError[] {
  const accepted = old.map(({ ip }) => ip);
  const errors = ips.flatMap(({ ip }, index) => checkLegacyIp(ip ?? '', path.index(index), accepted));
  if (ips.length > 1 && (ips.length > 2 || !isDualStack(ips.map(({ ip }) => ip)))) {
    const internal = ips.map(({ ip }) => ({ IP: ip }));
    errors.push(invalid(path, internal, 'may specify no more than one IP for each IP family'));
  }
  return errors;
}

function validateHostIps(status: PodStatus, old: PodStatus): FieldError[] {
  const path = STATUS.child('hostIPs');
  const first = status.hostIPs?.[0]?.ip;
  const errors = validateIps(status.hostIPs, old.hostIPs, path);
  if (first === undefined || first === status.hostIP) return errors;
  return [invalid(path.index(0).child('ip'), first, 'must be equal to `hostIP`'), ...errors];
}
