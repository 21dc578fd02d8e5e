/**
 * The specification of a pod, in a pod or in a template.
 *
 * Mirrors: ValidatePodSpec in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  duplicate,
  forbidden,
  inclusiveRangeError,
  invalid,
  isDNS1123SubdomainWithUnderscore,
  nameIsDNSSubdomain,
  notFoundValue,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
  type TemplateMeta,
} from '@kts/apimachinery';
import {
  byteLength,
  checkChoice,
  checkDnsLabel,
  checkDnsSubdomain,
  checkQualifiedName,
  invalidEach,
} from '../field-checks.ts';
import type { PodResourceClaim, PodSpec, PodTemplateSpec } from '../gen/core-v1.gen.ts';
import { checkLegacyIp } from '../ip-address.ts';
import { validateAnnotations, validateLabels } from '../label-validation.ts';
import { validateAffinity } from './affinity-validation.ts';
import { validateAllContainers } from './container-validation.ts';
import { validatePodAnnotations, validateProfileAnnotations } from './pod-annotation-validation.ts';
import { containersOf } from './pod-containers-of.ts';
import { validateHostProcess, validateHostUsers, validateOs } from './pod-os-validation.ts';
import type { PodRules } from './pod-rules.ts';
import { validateContainerResources, validatePodResources } from './resource-validation.ts';
import { validateSchedulingGates, validateSpreadConstraints, validateTolerations } from './scheduling-validation.ts';
import { validatePodSecurity } from './security-validation.ts';
import { validateVolumes } from './volume-validation.ts';
import { internalForm } from '../internal-form.ts';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCHES_LENGTH_MAX = 2048;
const HOSTNAME_LENGTH_MAX = 64;
const INT32_MAX = 2 ** 31 - 1;

/** `meta` is that of a real pod; templates leave it out. */
export function validatePodSpec(
  spec: PodSpec,
  meta: TemplateMeta | undefined,
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const volumes = validateVolumes(spec.volumes ?? [], meta, path.child('volumes'), rules);
  const resourceRules = {
    claimNames: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    allowIndivisibleHugePages: rules.allowIndivisibleHugePages,
  };
  return [
    ...(spec.terminationGracePeriodSeconds === undefined
      ? [required(path.child('terminationGracePeriodSeconds'))]
      : []),
    ...volumes.errors,
    ...validateResourceClaims(spec.resourceClaims ?? [], meta, path.child('resourceClaims')),
    ...validateAllContainers({ spec, volumes: volumes.byName, rules }, path),
    ...validatePodResources(spec, path.child('resources'), resourceRules),
    ...validateHostNetworkPorts(spec, path, rules),
    ...checkChoice(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], path.child('restartPolicy')),
    ...checkChoice(
      spec.dnsPolicy,
      ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'],
      path.child('dnsPolicy'),
    ),
    ...validateLabels(spec.nodeSelector, path.child('nodeSelector')),
    ...validatePodSecurity(spec, path.child('securityContext'), rules),
    ...validateAffinity(spec.affinity, path.child('affinity'), rules),
    ...validateDns(spec, path.child('dnsConfig')),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
      checkQualifiedName(conditionType, path.child('readinessGates').index(index).child('conditionType')),
    ),
    ...validateSchedulingGates(spec.schedulingGates ?? [], path.child('schedulingGates')),
    ...validateSpreadConstraints(spec.topologySpreadConstraints ?? [], path.child('topologySpreadConstraints'), rules),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path, rules),
    ...validateHostname(spec, path),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations ?? [], path.child('tolerations'), rules),
    ...validateHostAliases(spec, path.child('hostAliases')),
    ...validateClasses(spec, path),
    ...(spec.overhead
      ? validateContainerResources({ limits: spec.overhead }, path.child('overhead'), resourceRules)
      : []),
    ...validateOs(spec, path),
    ...validateFileKeyVolumes(spec, path),
  ];
}

/** The template of a workload's pods. */
export function validatePodTemplateSpec(
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const { metadata = {}, spec = { containers: [] } } = template ?? {};
  return [
    ...validateLabels(metadata.labels, path.child('labels')),
    ...validateAnnotations(metadata.annotations, path.child('annotations')),
    ...validatePodAnnotations(metadata.annotations ?? {}, spec, path.child('annotations'), rules),
    ...validatePodSpec(spec, undefined, path.child('spec'), rules),
    ...validateProfileAnnotations(metadata.annotations ?? {}, spec, path.child('spec')),
    ...(spec.ephemeralContainers?.length
      ? [forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}

function validateResourceClaims(
  claims: readonly PodResourceClaim[],
  meta: TemplateMeta | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const at = path.index(index);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    if (meta?.annotations && MIRROR_ANNOTATION in meta.annotations) {
      errors.push(forbidden(path.child(''), 'static pods do not support resource claims'));
      continue;
    }
    if (!name) errors.push(required(at.child('name')));
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else {
      errors.push(...checkDnsLabel(name, at.child('name')));
      names.add(name);
    }
    const internal = internalForm('core.v1.PodResourceClaim', claim);
    const both = '`resourceClaimName` or `resourceClaimTemplateName`';
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.push(invalid(at, internal, `at most one of ${both} may be specified`));
    } else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalid(at, internal, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const value = claim[field];
      if (value !== undefined) errors.push(...invalidEach(at.child(field), value, nameIsDNSSubdomain(value, false)));
    }
  }
  return errors;
}

/** On the host's network the port of the host is the container's; templates may leave it to the default. */
function validateHostNetworkPorts(spec: PodSpec, path: FieldPath, rules: PodRules): FieldError[] {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap(({ hostPort = 0, containerPort }, portIndex) => {
      if ((!rules.isPod && hostPort === 0) || hostPort === (containerPort ?? 0)) return [];
      const at = path.child('containers').index(index).child('ports').index(portIndex).child('hostPort');
      return [invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, path: FieldPath): FieldError[] {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!dnsConfig.nameservers?.length) {
      const text = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [required(path.child('nameservers'), text)];
    }
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const errors: FieldError[] = [];
  if (nameservers.length > NAMESERVERS_MAX) {
    const text = `must not have more than ${NAMESERVERS_MAX} nameservers`;
    errors.push(invalid(path.child('nameservers'), nameservers, text));
  }
  errors.push(...nameservers.flatMap((ip, index) => checkLegacyIp(ip, path.child('nameservers').index(index))));
  if (searches.length > SEARCHES_MAX) {
    errors.push(invalid(path.child('searches'), searches, `must not have more than ${SEARCHES_MAX} search paths`));
  }
  if (byteLength(searches.join(' ')) > SEARCHES_LENGTH_MAX) {
    const text = `must not have more than ${SEARCHES_LENGTH_MAX} characters (including spaces) in the search list`;
    errors.push(invalid(path.child('searches'), searches, text));
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.endsWith('.') ? search.slice(0, -1) : search;
    const complaints = isDNS1123SubdomainWithUnderscore(domain);
    errors.push(...invalidEach(path.child('searches').index(index), domain, complaints));
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(required(path.child('options').index(index), 'must not be empty'));
  }
  return errors;
}

function validateHostname(spec: PodSpec, path: FieldPath): FieldError[] {
  const { hostnameOverride } = spec;
  if (hostnameOverride === undefined) return [];
  const at = path.child('hostnameOverride');
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbidden(at, 'may not be specified when hostNetwork is true'));
  if (byteLength(hostnameOverride) > HOSTNAME_LENGTH_MAX) errors.push(tooLong(at, HOSTNAME_LENGTH_MAX));
  return [...errors, ...checkDnsSubdomain(hostnameOverride, at)];
}

function validateNames(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['serviceAccountName', 'nodeName'] as const) {
    const name = spec[field];
    if (name) errors.push(...invalidEach(path.child(field), name, nameIsDNSSubdomain(name, false)));
  }
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, inclusiveRangeError(1, INT32_MAX)));
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    const name = spec[field];
    if (name) errors.push(...checkDnsLabel(name, path.child(field)));
  }
  return errors;
}

function validateHostAliases(spec: PodSpec, path: FieldPath): FieldError[] {
  return (spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, index) => [
    ...checkLegacyIp(ip, path.index(index).child('ip')),
    ...hostnames.flatMap((name, i) => checkDnsSubdomain(name, path.index(index).child('hostnames').index(i))),
  ]);
}

function validateClasses(spec: PodSpec, path: FieldPath): FieldError[] {
  const { priorityClassName, runtimeClassName, preemptionPolicy } = spec;
  const errors: FieldError[] = [];
  if (priorityClassName) {
    const complaints = nameIsDNSSubdomain(priorityClassName, false);
    errors.push(...invalidEach(path.child('priorityClassName'), priorityClassName, complaints));
  }
  if (runtimeClassName !== undefined) {
    const complaints = nameIsDNSSubdomain(runtimeClassName, false);
    errors.push(...invalidEach(path.child('runtimeClassName'), runtimeClassName, complaints));
  }
  if (preemptionPolicy === undefined) return errors;
  const policies = ['PreemptLowerPriority', 'Never'];
  return [...errors, ...checkChoice(preemptionPolicy, policies, path.child('preemptionPolicy'))];
}

/** Variables from files need a volume that the containers of this pod share. */
function validateFileKeyVolumes(spec: PodSpec, path: FieldPath): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return containersOf(spec, path).flatMap(({ container, path: at }) =>
    (container.env ?? []).flatMap(({ valueFrom }, index) => {
      if (!valueFrom?.fileKeyRef) return [];
      const { volumeName } = valueFrom.fileKeyRef;
      const volume = volumes.get(volumeName);
      const where = at.child('env').index(index).child('valueFrom', 'fileKeyRef', 'volumeName');
      if (!volume) return [notFoundValue(where, volumeName)];
      return volume.emptyDir ? [] : [invalid(where, volumeName, 'referenced volume must be of type emptyDir')];
    }),
  );
}
