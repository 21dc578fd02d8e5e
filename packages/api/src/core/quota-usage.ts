/**
 * What an object counts against the quota of its namespace. Pure.
 *
 * Mirrors: pkg/quota/v1/evaluator/core (v1.36)
 * Differs: devices that a class hands out as an extended resource are not also counted under that resource's name.
 */
import { quantityAdd, formatQuantity, type KubeObject, type Quantity } from '@kts/apimachinery';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../gen/core-v1.gen.ts';
import type { DeviceRequest, ResourceClaim } from '../gen/resource-v1.gen.ts';

import { podLimits, podRequests, type ResourceAmounts } from './pod-resources.ts';

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
/** Kinds that are also counted under their plain name. */
const PLAIN_COUNTS = new Set([
  'configmaps',
  'secrets',
  'replicationcontrollers',
  'resourcequotas',
  'services',
  'persistentvolumeclaims',
]);

/** `resource` is `pods`, `deployments.apps`. */
export function quotaUsage(resource: string, object: KubeObject): ResourceAmounts {
  const count = { [`count/${resource}`]: '1', ...(PLAIN_COUNTS.has(resource) ? { [resource]: '1' } : {}) };
  switch (resource) {
    case 'pods':
      return podUsage(object as Pod);
    case 'services':
      return { ...count, ...serviceUsage(object as Service) };
    case 'persistentvolumeclaims':
      return { ...count, ...claimUsage(object as PersistentVolumeClaim) };
    case 'resourceclaims.resource.k8s.io':
      return { ...count, ...deviceUsage(object as ResourceClaim) };
    default:
      return count;
  }
}

/** Of all devices that match a request, a claim may get as many. */
const DEVICES_PER_CLAIM_MAX = 32;

/** Devices by class. Of requests with alternatives, for each class the one that would take the most of it. */
function deviceUsage({ spec }: ResourceClaim): ResourceAmounts {
  const usage: Record<string, Quantity> = {};
  for (const request of spec.devices?.requests ?? []) {
    const most = new Map<string, number>();
    for (const { deviceClassName, allocationMode, count } of alternativesOf(request)) {
      const devices =
        allocationMode === 'ExactCount' ? (count ?? 1) : allocationMode === 'All' ? DEVICES_PER_CLAIM_MAX : 0;
      most.set(deviceClassName, Math.max(devices, most.get(deviceClassName) ?? 0));
    }
    for (const [className, devices] of most) {
      const name = `${className}.deviceclass.resource.k8s.io/devices`;
      usage[name] = formatQuantity(quantityAdd(usage[name] ?? '0', String(devices)));
    }
  }
  return usage;
}

type Alternative = Pick<NonNullable<DeviceRequest['exactly']>, 'deviceClassName' | 'allocationMode' | 'count'>;

/** In v1beta1, a request is what newer versions call `exactly`. */
function alternativesOf(request: DeviceRequest & Partial<Alternative>): readonly Alternative[] {
  const { firstAvailable = [], exactly } = request;
  if (firstAvailable.length > 0) return firstAvailable;
  if (exactly) return [exactly];
  return request.deviceClassName === undefined ? [] : [request as Alternative];
}

/** Pods that have ended use nothing but their place in the store. */
function podUsage(pod: Pod): ResourceAmounts {
  const usage: Record<string, Quantity> = { 'count/pods': '1' };
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return usage;
  usage['pods'] = '1';
  const [requests, limits] = [podRequests(pod), podLimits(pod)];
  for (const name of COMPUTE) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined) usage[name] = usage[`requests.${name}`] = request;
    if (limit !== undefined) usage[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (name.startsWith('hugepages-')) usage[name] = request;
    if (name.startsWith('hugepages-') || name.includes('/')) usage[`requests.${name}`] = request;
  }
  return usage;
}

function serviceUsage({ spec }: Service): ResourceAmounts {
  const ports = spec?.ports ?? [];
  const explicit = ports.filter(({ nodePort }) => nodePort).length;
  const balanced = spec?.type === 'LoadBalancer';
  const nodePorts =
    spec?.type === 'NodePort'
      ? ports.length
      : balanced
        ? spec.allocateLoadBalancerNodePorts === false
          ? explicit
          : ports.length
        : 0;
  return { 'services.nodeports': String(nodePorts), 'services.loadbalancers': balanced ? '1' : '0' };
}

function claimUsage({ spec, metadata }: PersistentVolumeClaim): ResourceAmounts {
  const storage = spec?.resources?.requests?.['storage'];
  const className = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
  const suffix = className ? `${className}.storageclass.storage.k8s.io` : undefined;
  return {
    ...(storage === undefined ? {} : { 'requests.storage': storage }),
    ...(suffix ? { [`${suffix}/persistentvolumeclaims`]: '1' } : {}),
    ...(suffix && storage !== undefined ? { [`${suffix}/requests.storage`]: storage } : {}),
  };
}

/** Whether a quota is about that object: scopes narrow it to some pods or claims. */
export function quotaMatches(quota: ResourceQuota, resource: string, object: KubeObject): boolean {
  const { scopes = [], scopeSelector } = quota.spec ?? {};
  const requirements = [
    ...scopes.map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as readonly string[] })),
    ...(scopeSelector?.matchExpressions ?? []).map(({ scopeName, operator, values = [] }) => ({
      scopeName,
      operator,
      values,
    })),
  ];
  if (requirements.length === 0) return true;
  return requirements.every(({ scopeName, operator, values }) => {
    if (resource === 'pods') return scopeMatches(object as Pod, scopeName, operator, values);
    if (resource !== 'persistentvolumeclaims' || scopeName !== 'VolumeAttributesClass') return false;
    const classes = attributesClassesOf(object as PersistentVolumeClaim);
    return (classes.length > 0 ? classes : ['']).some((name) => valueMatches(name, operator, values));
  });
}

/** The classes that a claim has, wants, or is changing to. */
export function attributesClassesOf({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined))].filter((name) => name !== '');
}

function scopeMatches(pod: Pod, scope: string, operator: string, values: readonly string[]): boolean {
  const terminating = (pod.spec.activeDeadlineSeconds ?? -1) >= 0;
  const bestEffort = Object.keys({ ...podRequests(pod), ...podLimits(pod) }).every(
    (name) => !COMPUTE.slice(0, 2).includes(name),
  );
  switch (scope) {
    case 'Terminating':
      return terminating;
    case 'NotTerminating':
      return !terminating;
    case 'BestEffort':
      return bestEffort;
    case 'NotBestEffort':
      return !bestEffort;
    case 'PriorityClass':
      return valueMatches(pod.spec.priorityClassName ?? '', operator, values);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function valueMatches(value: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'Exists':
      return value !== '';
    case 'DoesNotExist':
      return value === '';
    case 'In':
      return values.includes(value);
    default:
      return !values.includes(value);
  }
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
  ]);
  return terms.some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined);
}

const REQUIRED_PER_CONTAINER = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);

/** Quotas of processor time and memory want every container to say what it needs. The message, if one does not. */
export function missingRequests(pod: Pod, limited: readonly string[]): string | undefined {
  if (pod.spec.resources) return undefined;
  const texts: string[] = [];
  for (const name of limited.filter((one) => REQUIRED_PER_CONTAINER.has(one)).sort()) {
    const field = name.startsWith('limits.') ? 'limits' : 'requests';
    const plain = name.slice(name.indexOf('.') + 1);
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const silent = containers.filter(({ resources }) => resources?.[field]?.[plain] === undefined);
    if (silent.length > 0)
      texts.push(
        `${name} for: ${silent
          .map((container) => container.name)
          .sort()
          .join(',')}`,
      );
  }
  return texts.length > 0 ? `must specify ${texts.join('; ')}` : undefined;
}
