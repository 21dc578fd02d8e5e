/**
 * Regular, init and ephemeral containers.
 *
 * Mirrors: validateContainers, validateInitContainers, validateEphemeralContainers and their callees in
 * pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  duplicate,
  forbidden,
  invalid,
  isPortName,
  isPortNumber,
  notFoundValue,
  notSupported,
  required,
  tooMany,
  wasSentEmpty,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkChoice, checkDnsLabel, checkSupported, invalidEach } from '../field-checks.ts';
import type {
  Container,
  ContainerPort,
  ContainerRestartRule,
  EphemeralContainer,
  PodSpec,
  ResourceRequirements,
  Volume,
} from '../gen/core-v1.gen.ts';
import { validateEnv, validateEnvFrom } from './env-validation.ts';
import { validateVolumeDevices, validateVolumeMounts } from './mount-validation.ts';
import { isSidecar, type AnyContainer } from './pod-containers-of.ts';
import type { PodRules } from './pod-rules.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateContainerResources } from './resource-validation.ts';
import { validateContainerSecurity } from './security-validation.ts';
import { PULL_POLICIES } from './volume-validation.ts';

const RESTART_RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
/** What an ephemeral container may not have: it is for debugging, not for service. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

/** What containers refer to in the rest of the pod. */
export interface ContainerSurroundings {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly rules: PodRules;
}

/** All containers of a pod; `path` is that of the spec. */
export function validateAllContainers(surroundings: ContainerSurroundings, path: FieldPath): FieldError[] {
  return [
    ...validateContainers(surroundings, path.child('containers')),
    ...validateInitContainers(surroundings, path.child('initContainers')),
    ...validateEphemeralContainers(surroundings, path.child('ephemeralContainers')),
  ];
}

function validateContainers(surroundings: ContainerSurroundings, path: FieldPath): FieldError[] {
  const { spec } = surroundings;
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = path.index(index);
    errors.push(...validateContainer(container, surroundings, at));
    if (names.has(container.name ?? '')) errors.push(duplicate(at.child('name'), container.name ?? ''));
    names.add(container.name ?? '');
    errors.push(
      ...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, at.child('lifecycle')),
      ...validateProbes(container, spec.terminationGracePeriodSeconds, at),
      ...validateRestartPolicy(container, at),
    );
  }
  return [...errors, ...validateHostPorts(containers, path)];
}

function validateInitContainers(surroundings: ContainerSurroundings, path: FieldPath): FieldError[] {
  const { spec } = surroundings;
  const errors: FieldError[] = [];
  const names = new Set((spec.containers ?? []).map(({ name }) => name ?? ''));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = path.index(index);
    errors.push(...validateContainer(container, surroundings, at), ...validateInitRestartPolicy(container, at));
    if (names.has(container.name ?? '')) errors.push(duplicate(at.child('name'), container.name ?? ''));
    else if (container.name) names.add(container.name);
    // One by one, as they run; upstream counts from the first again.
    errors.push(...validateHostPorts([container], path));
    if (isSidecar(container)) {
      errors.push(
        ...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, at.child('lifecycle')),
        ...validateProbes(container, spec.terminationGracePeriodSeconds, at),
      );
    } else errors.push(...refuseServiceFields(container, at, surroundings.rules));
  }
  return errors;
}

/** An init container that ends has no life to probe. */
function refuseServiceFields(container: Container, path: FieldPath, rules: PodRules): FieldError[] {
  const fields = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  const errors = fields
    .filter((field) => container[field])
    .map((field) => forbidden(path.child(field), 'may not be set for init containers without restartPolicy=Always'));
  if (rules.allowRestartOfInitContainerOnResize) return errors;
  for (const [index, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== 'RestartContainer') continue;
    const text = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    errors.push(invalid(path.child('resizePolicy').index(index).child('restartPolicy'), restartPolicy, text));
  }
  return errors;
}

function validateEphemeralContainers(surroundings: ContainerSurroundings, path: FieldPath): FieldError[] {
  const { spec } = surroundings;
  const errors: FieldError[] = [];
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name ?? ''));
  const names = new Set(others);
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(index);
    errors.push(...validateContainer(container, surroundings, at), ...validateImageSpacing(container, at));
    if (names.has(container.name ?? '')) errors.push(duplicate(at.child('name'), container.name ?? ''));
    names.add(container.name ?? '');
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFoundValue(at.child('targetContainerName'), target));
    errors.push(...refuseNonEphemeralFields(container, at));
  }
  return errors;
}

function refuseNonEphemeralFields(container: EphemeralContainer, path: FieldPath): FieldError[] {
  const refuse = (at: FieldPath): FieldError => forbidden(at, 'cannot be set for an Ephemeral Container');
  return [
    ...NOT_EPHEMERAL.filter((field) =>
      // Resources are always there, if only as an empty struct.
      field === 'resources'
        ? hasResources(container.resources)
        : container[field] !== undefined || wasSentEmpty(container, field),
    ).map((field) => refuse(path.child(field))),
    ...(container.volumeMounts ?? []).flatMap((mount, index) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((field) => mount[field])
        .map((field) => refuse(path.child('volumeMounts').index(index).child(field))),
    ),
  ];
}

const hasResources = (resources: ResourceRequirements = {}): boolean =>
  (['limits', 'requests', 'claims'] as const).some((part) => resources[part] || wasSentEmpty(resources, part));

/** What holds for containers of every kind. */
function validateContainer(
  container: AnyContainer,
  { spec, volumes, rules }: ContainerSurroundings,
  path: FieldPath,
): FieldError[] {
  const { name, image, terminationMessagePolicy } = container;
  const resourceRules = {
    claimNames: new Set((spec.resourceClaims ?? []).map((claim) => claim.name).filter(Boolean)),
    allowIndivisibleHugePages: rules.allowIndivisibleHugePages,
  };
  const policies = ['File', 'FallbackToLogsOnError'];
  return [
    ...(name ? checkDnsLabel(name, path.child('name')) : [required(path.child('name'))]),
    ...(image ? [] : [required(path.child('image'))]),
    ...checkChoice(terminationMessagePolicy, policies, path.child('terminationMessagePolicy')),
    ...validatePorts(container.ports ?? [], path.child('ports')),
    ...validateEnv(container.env ?? [], path.child('env')),
    ...validateEnvFrom(container.envFrom ?? [], path.child('envFrom')),
    ...validateVolumeMounts(container, volumes, path.child('volumeMounts')),
    ...validateVolumeDevices(container, volumes, path.child('volumeDevices')),
    ...checkChoice(container.imagePullPolicy, PULL_POLICIES, path.child('imagePullPolicy')),
    ...validateContainerResources(container.resources, path.child('resources'), resourceRules),
    ...validateResizePolicy(container, spec, path.child('resizePolicy')),
    ...validateContainerSecurity(container.securityContext, path.child('securityContext'), spec.hostUsers !== false),
  ];
}

/** Only of pods: templates may have an image that a tool fills in. */
export function validateImageSpacing({ image = '' }: AnyContainer, path: FieldPath): FieldError[] {
  if (image.trim() === image) return [];
  return [invalid(path.child('image'), image, 'must not have leading or trailing whitespace')];
}

function validatePorts(ports: readonly ContainerPort[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const at = path.index(index);
    if (name) {
      const complaints = isPortName(name);
      if (complaints.length > 0) errors.push(...invalidEach(at.child('name'), name, complaints));
      else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
      else names.add(name);
    }
    if (!containerPort) errors.push(required(at.child('containerPort')));
    else errors.push(...invalidEach(at.child('containerPort'), containerPort, isPortNumber(containerPort)));
    if (hostPort) errors.push(...invalidEach(at.child('hostPort'), hostPort, isPortNumber(hostPort)));
    errors.push(...checkChoice(protocol, PROTOCOLS, at.child('protocol')));
  }
  return errors;
}

function validateHostPorts(containers: readonly Container[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, { hostPort, hostIP = '', protocol }] of (container.ports ?? []).entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      const at = path.index(index).child('ports').index(portIndex);
      if (taken.has(key)) errors.push(duplicate(at.child('hostPort'), key));
      taken.add(key);
    }
  }
  return errors;
}

function validateResizePolicy(container: AnyContainer, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (seen.has(resourceName ?? '')) errors.push(duplicate(path.index(index), resourceName ?? ''));
    seen.add(resourceName ?? '');
    errors.push(
      ...checkChoice(resourceName, ['cpu', 'memory'], path),
      ...checkChoice(restartPolicy, ['NotRequired', 'RestartContainer'], path),
    );
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const text = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
      errors.push(invalid(path, restartPolicy ?? '', text));
    }
  }
  return errors;
}

/** Without a policy the rules of an init container are not looked at. */
function validateInitRestartPolicy(container: Container, path: FieldPath): FieldError[] {
  if (container.restartPolicy !== undefined) return validateRestartPolicy(container, path);
  return container.restartPolicyRules?.length ? [missingRestartPolicy(path)] : [];
}

const missingRestartPolicy = (path: FieldPath): FieldError =>
  required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used');

function validateRestartPolicy({ restartPolicy, restartPolicyRules = [] }: Container, path: FieldPath): FieldError[] {
  const at = path.child('restartPolicy');
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return [];
    return [missingRestartPolicy(path), ...validateRestartRules(restartPolicyRules, path.child('restartPolicyRules'))];
  }
  return [
    ...checkSupported(restartPolicy, ['Always', 'Never', 'OnFailure'], at),
    ...validateRestartRules(restartPolicyRules, path.child('restartPolicyRules')),
  ];
}

function validateRestartRules(rules: readonly ContainerRestartRule[], path: FieldPath): FieldError[] {
  const errors = rules.length > RESTART_RULES_MAX ? [tooMany(path, rules.length, RESTART_RULES_MAX)] : [];
  for (const [index, { action = '', exitCodes }] of rules.entries()) {
    const at = path.index(index);
    const actions = ['Restart', 'RestartAllContainers'];
    if (!actions.includes(action)) errors.push(notSupported(at.child('action'), action, actions));
    if (!exitCodes) {
      errors.push(required(at.child('exitCodes'), 'must be specified'));
      continue;
    }
    const { operator, values = [] } = exitCodes;
    errors.push(...checkSupported(operator, ['In', 'NotIn'], at.child('exitCodes', 'operator')));
    if (values.length > EXIT_CODES_MAX) {
      errors.push(tooMany(at.child('exitCodes', 'values'), values.length, EXIT_CODES_MAX));
    }
  }
  return errors;
}
