import {
  DNS1123_SUBDOMAIN_LENGTH_MAX,
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  isLabelValue,
  type FieldError,
} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkChoice, checkPositive, checkQualifiedName } from '../field-checks.ts';
import type { Node, Taint } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { checkLegacyCidr, cidrWarnings, isDualStack, parseCidr } from '../ip-address.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import { validateResourceAmount } from './resource-validation.ts';
import { TAINT_EFFECTS } from './scheduling-validation.ts';
import { internalForm } from '../internal-form.ts';
import { validateNodeAnnotations } from './node-annotation-validation.ts';

const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');
/** The path is upstream's. */
const TAINTS = FieldPath.of('metadata', 'taints');
const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';
const FEATURE = /^([A-Z][a-zA-Z0-9]*)(\/[a-zA-Z0-9]+)*$/;

/**
 * A machine that runs pods.
 *
 * Mirrors: pkg/registry/core/node/strategy.go, ValidateNode... in pkg/apis/core/validation (v1.36)
 */
export const nodes = defineResource<Node>('v1', 'nodes', {
  generation: 'none',
  setDefaults: ({ spec, status }) => {
    // The single field is the older one: what clients that know no list say is what counts.
    if (spec?.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
    if (spec?.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
    roundUpAmounts(status?.capacity);
    roundUpAmounts(status?.allocatable);
  },
  prepareForCreate: (draft) => {
    if (draft.spec) delete draft.spec.configSource;
    if (draft.status) delete draft.status.config;
  },
  prepareForUpdate: (draft, old) => {
    if (draft.spec && !old.spec?.configSource) delete draft.spec.configSource;
    if (draft.status && !old.status?.config) delete draft.status.config;
  },
  validate: validateNode,
  validateUpdate: (node, old) => [...validateNode(node), ...validateNodeChange(node, old)],
  validateStatusUpdate: validateNodeChange,
  warnings: nodeWarnings,
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  cells: nodeCells,
});

function validateNode(node: Node): FieldError[] {
  const { spec, status } = node;
  const cidrs = spec?.podCIDRs ?? [];
  const path = SPEC.child('podCIDRs');
  const { swap } = status?.nodeInfo ?? {};
  const errors = [
    ...validateNodeAnnotations(node.metadata.annotations, validateTaints),
    ...validateTaints(spec?.taints ?? [], TAINTS),
    ...validateAmounts(node),
    ...(swap?.capacity === undefined
      ? []
      : checkPositive(swap.capacity, FieldPath.of('metadata', 'nodeSwapStatus', 'capacity'))),
    ...validateFeatures(status?.declaredFeatures ?? []),
    ...cidrs.flatMap((cidr, index) => checkLegacyCidr(cidr, path.index(index))),
  ];
  const bad = cidrs.findIndex((cidr) => parseCidr(cidr) === undefined);
  if (cidrs.length > 1 && bad >= 0) {
    const reason = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
    const message = `Internal error: invalid PodCIDRs. failed to check with dual stack with error:${reason}`;
    errors.push({ type: 'InternalError', field: path.toString(), message });
  }
  if (cidrs.length > 1 && (cidrs.length > 2 || bad >= 0 || !isDualStack(cidrs.map((cidr) => cidr.split('/', 1)[0]!)))) {
    errors.push(invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function validateTaints(taints: readonly Taint[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const { key, value = '', effect } = taint;
    const at = path.index(index);
    const complaints = isLabelValue(value);
    const errors = [
      ...checkQualifiedName(key, at.child('key')),
      ...(complaints.length > 0 ? [invalid(at.child('value'), value, complaints.join(';'))] : []),
      ...checkChoice(effect, TAINT_EFFECTS, at.child('effect')),
    ];
    const pair = `${effect}/${key}`;
    if (seen.has(pair)) {
      const error = duplicate(at, internalForm('core.v1.Taint', taint));
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
    return errors;
  });
}

function validateAmounts({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(status?.[field] ?? {}).flatMap(([name, amount]) =>
      validateResourceAmount(name, amount, STATUS.child(field, name)),
    ),
  );
}

function validateFeatures(features: readonly string[]): FieldError[] {
  const path = STATUS.child('declaredFeatures');
  return features.flatMap((feature, index) => {
    const errors: FieldError[] = [];
    const problem = featureError(feature);
    if (problem) errors.push(invalid(path.index(index), feature, problem));
    const next = features[index + 1];
    if (next === undefined) return errors;
    if (feature === next) errors.push(duplicate(path.index(index + 1), next));
    else if (feature > next) errors.push(invalid(path.index(index + 1), next, 'list must be sorted alphabetically'));
    return errors;
  });
}

function featureError(feature: string): string | undefined {
  const name = `invalid feature name ${JSON.stringify(feature)}`;
  if (feature.length > DNS1123_SUBDOMAIN_LENGTH_MAX) {
    return `${name}: must be no more than ${DNS1123_SUBDOMAIN_LENGTH_MAX} characters`;
  }
  if (FEATURE.test(feature)) return undefined;
  const rule =
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
  return `${name}: ${rule}`;
}

function validateNodeChange(node: Node, old: Node): FieldError[] {
  const { spec, status = {} } = node;
  const { spec: before } = old;
  const errors = [
    ...validateNodeAnnotations(node.metadata.annotations, validateTaints),
    ...validateAmounts(node),
    ...validateFeatures(status.declaredFeatures ?? []),
  ];
  const seen = new Set<string>();
  for (const [index, address] of (status.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) {
      const internal = internalForm('core.v1.NodeAddress', address);
      errors.push(duplicate(STATUS.child('addresses').index(index), internal));
    }
    seen.add(key);
  }
  const cidrs = before.podCIDRs ?? [];
  const after = spec.podCIDRs ?? [];
  const changed =
    cidrs.length > 0 && cidrs.length !== after.length ? 1 : cidrs.filter((cidr, index) => cidr !== after[index]).length;
  for (let i = 0; i < changed; i++) {
    errors.push(forbidden(SPEC.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (before.providerID && before.providerID !== spec.providerID) {
    const text = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden(SPEC.child('providerID'), text));
  }
  errors.push(...validateTaints(spec.taints ?? [], TAINTS));
  if ((spec.externalID ?? '') !== (before.externalID ?? '')) {
    errors.push(forbidden(SPEC.child('externalID'), 'may not be updated'));
  }
  return errors;
}

function nodeWarnings({ spec }: Node): string[] {
  return [
    ...(spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec?.podCIDRs ?? []).flatMap((cidr, index) => cidrWarnings(cidr, SPEC.child('podCIDRs').index(index))),
  ];
}

function nodeCells({ metadata, spec, status }: Node, now: number): (string | number)[] {
  const ready = status?.conditions?.findLast(({ type }) => type === 'Ready');
  const states = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (spec?.unschedulable) states.push('SchedulingDisabled');
  const info = status?.nodeInfo;
  const addressOf = (kind: string): string => status?.addresses?.find(({ type }) => type === kind)?.address ?? '<none>';
  const kernel = info?.kernelVersion || '<unknown>';
  return [
    metadata.name,
    states.join(','),
    rolesOf(metadata.labels ?? {}).join(',') || '<none>',
    age(metadata.creationTimestamp, now),
    info?.kubeletVersion ?? '',
    addressOf('InternalIP'),
    addressOf('ExternalIP'),
    info?.osImage || '<unknown>',
    info?.architecture ? `${kernel} (${info.architecture})` : kernel,
    info?.containerRuntimeVersion || '<unknown>',
  ];
}

function rolesOf(labels: Readonly<Record<string, string>>): string[] {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === ROLE_LABEL ? [value] : [];
  });
  return [...new Set(roles.filter((role) => role !== ''))].toSorted();
}
