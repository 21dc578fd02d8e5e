import { nameIsDNSLabel, type Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { sameValue } from '../field-checks.ts';
import type { Service } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { formatLabels } from './pod-template.ts';
import { loadBalancerText, validateLoadBalancerStatus } from './load-balancer.ts';
import {
  isExternallyAccessible,
  needsHealthCheck,
  validateService,
  validateServiceChange,
} from './service-validation.ts';
import { serviceWarnings } from './service-warnings.ts';

const AFFINITY_SECONDS = 10800;

/**
 * A stable address for a set of pods. Addresses and node ports are allocated by the API server, between defaulting and
 * validation.
 *
 * Mirrors: pkg/registry/core/service/strategy.go, pkg/apis/core/v1/defaults.go (v1.36)
 */
export const services = defineResource<Service>('v1', 'services', {
  generation: 'none',
  allowCreateOnUpdate: true,
  validateName: nameIsDNSLabel,
  setDefaults: setServiceDefaults,
  prepareForCreate: (draft) => {
    draft.status = { loadBalancer: {} };
    normalizeClusterIps(draft, undefined);
    hideInternalTrafficPolicy(draft);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource !== '') return;
    normalizeClusterIps(draft, old);
    dropTypeDependentFields(draft, old);
    hideInternalTrafficPolicy(draft);
  },
  validate: (service) => validateService(service),
  validateUpdate: (service, old) => [...validateServiceChange(service, old), ...validateService(service, old)],
  validateStatusUpdate: (service, old) => validateLoadBalancerStatus(service, old),
  warnings: serviceWarnings,
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec?.clusterIP ?? '', 'spec.type': spec?.type ?? '' }),
  cells: (service, now) => [
    service.metadata.name,
    service.spec?.type ?? '',
    service.spec?.clusterIPs?.[0] || '<none>',
    externalIpText(service),
    portsText(service) || '<none>',
    age(service.metadata.creationTimestamp, now),
    formatLabels(service.spec?.selector),
  ],
});

function setServiceDefaults(service: Draft<Service>): void {
  const spec = (service.spec ??= {});
  if (!spec.sessionAffinity) spec.sessionAffinity = 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
  if (!spec.type) spec.type = 'ClusterIP';
  for (const port of spec.ports ?? []) {
    if (!port.protocol) port.protocol = 'TCP';
    if (!port.targetPort) port.targetPort = port.port ?? 0;
  }
  if (isExternallyAccessible(spec) && !spec.externalTrafficPolicy) spec.externalTrafficPolicy = 'Cluster';
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

/**
 * Keeps `clusterIP` and `clusterIPs` in step for clients that know only one of them: a change of the single field
 * changes the list.
 */
export function normalizeClusterIps({ spec }: Draft<Service>, old: Service | undefined): void {
  if (!spec) return;
  const before = old?.spec;
  if (!before) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && spec.clusterIP === before.clusterIP) {
    spec.clusterIPs = [...before.clusterIPs];
  }
  const clearsOne = Boolean(before.clusterIP) && !spec.clusterIP;
  if (clearsOne && sameValue(before.clusterIPs, spec.clusterIPs)) delete spec.clusterIPs;
  else if (spec.clusterIP && spec.clusterIP !== before.clusterIP && sameValue(before.clusterIPs, spec.clusterIPs)) {
    spec.clusterIPs = [spec.clusterIP];
  }
}

/** Upstream keeps the policy of external names, but never shows it. A bad one is left to validation. */
function hideInternalTrafficPolicy({ spec }: Draft<Service>): void {
  const policy = spec?.internalTrafficPolicy;
  if (spec?.type === 'ExternalName' && (policy === 'Cluster' || policy === 'Local')) delete spec.internalTrafficPolicy;
}

/** What a change of the type makes meaningless is dropped, unless the client changed it as well. */
function dropTypeDependentFields(draft: Draft<Service>, { spec: old }: Service): void {
  const { spec, status } = draft;
  if (!spec || !old) return;
  const hasClusterIp = (type: string | undefined): boolean => type !== 'ExternalName';
  if (hasClusterIp(old.type) && !hasClusterIp(spec.type)) {
    if (spec.clusterIP === old.clusterIP && sameValue(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameValue(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  const hasNodePorts = (type: string | undefined): boolean => type === 'NodePort' || type === 'LoadBalancer';
  if (hasNodePorts(old.type) && !hasNodePorts(spec.type) && hasNoNewNodePorts(spec, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && spec.healthCheckNodePort === old.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  const balances = (type: string | undefined): boolean => type === 'LoadBalancer';
  if (balances(old.type) && !balances(spec.type)) {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) {
      delete spec.allocateLoadBalancerNodePorts;
    }
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  }
  // The status of an update is that of the object before, which others share.
  if (spec.type !== 'LoadBalancer' && status?.loadBalancer) draft.status = { ...status, loadBalancer: {} };
}

type Ports = { readonly ports?: readonly { readonly nodePort?: number }[] };

/** Ports may come, go and change, as long as no node port is new. */
function hasNoNewNodePorts(spec: Ports, old: Ports): boolean {
  const before = new Set((old.ports ?? []).map(({ nodePort }) => nodePort));
  return (spec.ports ?? []).every(({ nodePort }) => !nodePort || before.has(nodePort));
}

function externalIpText({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  if (spec.type === 'ClusterIP' || spec.type === 'NodePort') return own.join(',') || '<none>';
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return '<unknown>';
  return [loadBalancerText(status?.loadBalancer?.ingress), ...own].filter(Boolean).join(',') || '<pending>';
}

function portsText({ spec }: Service): string {
  return (spec?.ports ?? [])
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(',');
}
