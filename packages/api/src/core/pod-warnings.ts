/**
 * What clients are told about pods, and templates of pods, that are valid but not as they may think.
 *
 * Mirrors: pkg/api/pod/warnings.go and WarningsOn... in pkg/registry/core/pod/strategy.go (v1.36)
 */
import { FieldPath, quantityInt64, type Quantity, type TemplateMeta } from '@kts/apimachinery';
import { sameValue } from '../field-checks.ts';
import type { Affinity, Pod, PodAffinity, PodSpec, PodTemplateSpec, Volume } from '../gen/core-v1.gen.ts';
import { ipWarnings } from '../ip-address.ts';
import { deprecatedNodeLabel, keyWarnings, nodeSelectorTermWarnings } from './node-label-warnings.ts';
import { APP_ARMOR_CONTAINER } from './pod-annotation-validation.ts';
import { profileOf } from './pod-apparmor.ts';
import { containersOf, type AnyContainer } from './pod-containers-of.ts';
import { EMPTY_POD_SPEC, nameWarnings } from './pod-template.ts';
import { portWarnings } from './port-warnings.ts';
import { volumePathWarnings } from './volume-path-warnings.ts';

const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER_ANNOTATION_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';
const DEPRECATED_ANNOTATIONS = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;
const DEPRECATED_VOLUMES = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;
const NULL_SELECTOR = 'a null labelSelector results in matching no pod';
const SECCOMP_ADVICE = 'non-functional in v1.27+; use the "seccompProfile" field instead';

/** Only new pods are looked at: nobody reads the warnings of an update. */
export function podWarnings(pod: Pod, old: Pod | undefined): readonly string[] {
  if (old) return [];
  return [
    ...nameWarnings(pod.metadata.name, "the Pod's hostname"),
    ...warningsOf(pod.metadata, pod.spec, FieldPath.root, false),
  ];
}

export function templateWarnings(template: PodTemplateSpec | undefined, path: FieldPath): readonly string[] {
  if (!template) return [];
  return warningsOf(template.metadata ?? {}, template.spec ?? EMPTY_POD_SPEC, path, true);
}

/** Amounts of bytes must be whole. */
export function fractionWarnings(
  amounts: Readonly<Record<string, Quantity>> | undefined,
  names: readonly string[],
  path: FieldPath,
): string[] {
  return names.flatMap((name) => {
    const value = amounts?.[name];
    return value === undefined || quantityInt64(value, -3) % 1000n === 0n
      ? []
      : [`${path.key(name).toString()}: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`];
  });
}

const BYTE_RESOURCES = ['memory', 'ephemeral-storage'];

function warningsOf(meta: TemplateMeta, spec: PodSpec, path: FieldPath, isTemplate: boolean): string[] {
  const at = path.child('spec');
  const annotations = meta.annotations ?? {};
  const annotationPath = path.child('metadata', 'annotations');
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  return [
    ...nodeLabelWarnings(spec, at),
    ...DEPRECATED_ANNOTATIONS.flatMap(([key, advice]) =>
      Object.hasOwn(annotations, key) ? [`${annotationPath.key(key).toString()}: ${advice}`] : [],
    ),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, at.child('volumes').index(index))),
    ...volumePathWarnings(spec.volumes ?? []),
    ...duplicateWarnings(spec.hostAliases ?? [], 'ip', at.child('hostAliases')),
    ...duplicateWarnings(spec.imagePullSecrets ?? [], 'name', at.child('imagePullSecrets')),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at.child('imagePullSecrets').index(index).child('name').toString()}: invalid empty name ""`],
    ),
    ...fractionWarnings(spec.overhead, BYTE_RESOURCES, at.child('overhead')),
    ...(!spec.securityContext?.seccompProfile && Object.hasOwn(annotations, SECCOMP_POD_ANNOTATION)
      ? [`${annotationPath.key(SECCOMP_POD_ANNOTATION).toString()}: ${SECCOMP_ADVICE}`]
      : []),
    ...containersOf(spec, at).flatMap(({ container, path: containerPath }) => [
      ...profileWarnings(container, spec, annotations, annotationPath, isTemplate),
      ...containerWarnings(container, containerPath),
    ]),
    ...portWarnings(spec, at),
    ...(grace < 0
      ? [
          `${at.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec.affinity, at.child('affinity')),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((address, index) =>
      ipWarnings(address, at.child('dnsConfig', 'nameservers').index(index)),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) =>
      ipWarnings(ip, at.child('hostAliases').index(index).child('ip')),
    ),
  ];
}

function nodeLabelWarnings(spec: PodSpec, path: FieldPath): string[] {
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred, requiredDuringSchedulingIgnoredDuringExecution } =
    spec.affinity?.nodeAffinity ?? {};
  const at = path.child('affinity', 'nodeAffinity');
  const terms = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) => {
      const message = deprecatedNodeLabel(key);
      return message === undefined ? [] : [`${path.child('nodeSelector').key(key).toString()}: ${message}`];
    }),
    ...(requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeSelectorTermWarnings(term, terms.index(index), false),
    ),
    ...(preferred ?? []).flatMap(({ preference }, index) => {
      const term = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('preference');
      return nodeSelectorTermWarnings(preference, term, true);
    }),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const constraint = path.child('topologySpreadConstraints').index(index);
      return [
        ...keyWarnings(topologyKey, constraint.child('topologyKey')),
        ...(labelSelector ? [] : [`${constraint.child('labelSelector').toString()}: ${NULL_SELECTOR}`]),
      ];
    }),
  ];
}

function volumeWarnings(volume: Volume, path: FieldPath): string[] {
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
  const at = path.child('ephemeral', 'volumeClaimTemplate', 'spec', 'resources');
  return [
    ...DEPRECATED_VOLUMES.flatMap(([type, advice]) =>
      volume[type] ? [`${path.child(type === 'storageos' ? 'storageOS' : type).toString()}: ${advice}`] : [],
    ),
    ...fractionWarnings(claim?.requests, ['storage'], at.child('requests')),
    ...fractionWarnings(claim?.limits, ['storage'], at.child('limits')),
  ];
}

function duplicateWarnings<F extends string>(
  items: readonly { readonly [K in F]?: string }[],
  field: F,
  path: FieldPath,
): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const value = item[field] ?? '';
    const again = seen.has(value);
    seen.add(value);
    return again ? [`${path.index(index).child(field).toString()}: duplicate ${field} ${JSON.stringify(value)}`] : [];
  });
}

/** Annotations that fields have replaced. Those of pods have become fields by now, those of templates have not. */
function profileWarnings(
  { name, securityContext }: AnyContainer,
  spec: PodSpec,
  annotations: Readonly<Record<string, string>>,
  path: FieldPath,
  isTemplate: boolean,
): string[] {
  const warnings: string[] = [];
  const seccompKey = SECCOMP_CONTAINER_ANNOTATION_PREFIX + name;
  if (!securityContext?.seccompProfile && Object.hasOwn(annotations, seccompKey)) {
    warnings.push(`${path.key(seccompKey).toString()}: ${SECCOMP_ADVICE}`);
  }
  const key = APP_ARMOR_CONTAINER + name;
  const annotation = annotations[key];
  if (!isTemplate || securityContext?.appArmorProfile || annotation === undefined) return warnings;
  const profile = spec.securityContext?.appArmorProfile;
  if (profile && sameValue(profile, profileOf(annotation))) return warnings;
  return [...warnings, `${path.key(key).toString()}: deprecated since v1.30; use the "appArmorProfile" field instead`];
}

function containerWarnings({ env = [], resources }: AnyContainer, path: FieldPath): string[] {
  const at = path.child('resources');
  const seen = new Set<string>();
  const warnings = BYTE_RESOURCES.flatMap((name) => [
    ...fractionWarnings(resources?.limits, [name], at.child('limits')),
    ...fractionWarnings(resources?.requests, [name], at.child('requests')),
  ]);
  for (const [index, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference);
    if (seen.has(name) && hides) {
      const consequence = 'which may be dropped when using apply';
      const text = `hides previous definition of ${JSON.stringify(name)}, ${consequence}`;
      warnings.push(`${path.child('env').index(index).toString()}: ${text}`);
    }
    seen.add(name);
  }
  return warnings;
}

function affinityWarnings(affinity: Affinity | undefined, path: FieldPath): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const { requiredDuringSchedulingIgnoredDuringExecution: required, ...rest }: PodAffinity = affinity?.[field] ?? {};
    const at = path.child(field);
    return [
      ...(required ?? []).flatMap(({ labelSelector }, index) => {
        const term = at.child('requiredDuringSchedulingIgnoredDuringExecution').index(index);
        return labelSelector ? [] : [`${term.child('labelSelector').toString()}: ${NULL_SELECTOR}`];
      }),
      ...(rest.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ podAffinityTerm }, index) => {
        const term = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
        const text = `${term.child('podAffinityTerm', 'labelSelector').toString()}: ${NULL_SELECTOR}`;
        return podAffinityTerm.labelSelector ? [] : [text];
      }),
    ];
  });
}
