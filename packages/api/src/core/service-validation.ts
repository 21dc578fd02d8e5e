/**
 * Services.
 *
 * Mirrors: validateService and its callees in pkg/apis/core/validation/validation.go (v1.36)
 */
import { duplicate, FieldPath, forbidden, invalid, isPortNumber, required, type FieldError } from '@kts/apimachinery';
import {
  checkChoice,
  checkDnsLabel,
  checkDnsSubdomain,
  checkQualifiedName,
  checkSupported,
  invalidEach,
} from '../field-checks.ts';
import type { Service, ServicePort, ServiceSpec } from '../gen/core-v1.gen.ts';
import { checkLegacyCidr, checkLegacyIp, ipFamily, isDualStack } from '../ip-address.ts';
import { validateLabels } from '../label-validation.ts';
import { validateEndpointIp } from './endpoint-ip-validation.ts';
import { validatePort } from './probe-validation.ts';
import { internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');
const AFFINITY_SECONDS_MAX = 86400;
const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const ONLY_BALANCERS = "may only be used when `type` is 'LoadBalancer'";

export function validateService(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  return [
    ...validateTopology(service),
    ...validateType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, SPEC.child('selector')),
    ...validateAffinity(spec),
    ...validateClusterIps(spec, old?.spec?.clusterIPs),
    ...(spec.externalIPs ?? []).flatMap((ip, index) => {
      const path = SPEC.child('externalIPs').index(index);
      const errors = checkLegacyIp(ip, path, old?.spec?.externalIPs);
      return errors.length > 0 ? errors : validateEndpointIp(ip, path);
    }),
    ...checkChoice(spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], SPEC.child('type')),
    ...validatePortNumbers(spec),
    ...validateSourceRanges(service, old),
    ...validateBalancerFields(spec),
    ...validateTraffic(spec),
  ];
}

function validateTopology({ metadata: { annotations = {} } }: Service): FieldError[] {
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const text = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [invalid(FieldPath.of('metadata', 'annotations').key(TOPOLOGY_MODE), mode, text)];
}

function validateType(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') {
    errors.push(required(SPEC.child('ports')));
  }
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    const text = `may not be set to 'None' for ${spec.type} services`;
    errors.push(invalid(SPEC.child('clusterIPs').index(0), 'None', text));
  }
  if (spec.type !== 'ExternalName') return errors;
  const refuse = (field: string): FieldError =>
    forbidden(SPEC.child(field), 'may not be set for ExternalName services');
  if (spec.clusterIPs?.length) errors.push(refuse('clusterIPs'));
  if (spec.ipFamilies?.length) errors.push(refuse('ipFamilies'));
  if (spec.ipFamilyPolicy !== undefined) errors.push(refuse('ipFamilyPolicy'));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const path = SPEC.child('externalName');
  return [...errors, ...(name ? checkDnsSubdomain(name, path) : [required(path)])];
}

function validatePorts({ ports = [] }: ServiceSpec): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) =>
    validateServicePort(port, ports.length > 1, names, SPEC.child('ports').index(index)),
  );
}

function validateServicePort(
  { name, port, protocol, targetPort, appProtocol }: ServicePort,
  requireName: boolean,
  names: Set<string>,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (name) {
    errors.push(...checkDnsLabel(name, path.child('name')));
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
  } else if (requireName) errors.push(required(path.child('name')));
  return [
    ...errors,
    ...invalidEach(path.child('port'), port, isPortNumber(port)),
    ...checkChoice(protocol, ['SCTP', 'TCP', 'UDP'], path.child('protocol')),
    ...validatePort(targetPort, path.child('targetPort')),
    ...(appProtocol === undefined ? [] : checkQualifiedName(appProtocol, path.child('appProtocol'))),
  ];
}

/** Numbers that two ports must not share. */
function validatePortNumbers({ type, ports = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const at = (index: number): FieldPath => SPEC.child('ports').index(index);
  for (const [index, { nodePort }] of ports.entries()) {
    if (type !== 'ClusterIP' || !nodePort) continue;
    errors.push(forbidden(at(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
  const nodePorts = new Set<string>();
  for (const [index, { nodePort, protocol }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(at(index).child('nodePort'), nodePort));
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [index, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) errors.push(duplicate(at(index), internalForm('core.v1.ServicePort', { port, protocol })));
    seen.add(key);
  }
  return errors;
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const errors = checkChoice(sessionAffinity, ['ClientIP', 'None'], SPEC.child('sessionAffinity'));
  const path = SPEC.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && sessionAffinityConfig) {
    errors.push(forbidden(path, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const when = 'when session affinity type is ClientIP';
  if (!sessionAffinityConfig) return [...errors, required(path, when)];
  if (!sessionAffinityConfig.clientIP) return [...errors, required(path.child('clientIP'), when)];
  const { timeoutSeconds } = sessionAffinityConfig.clientIP;
  const at = path.child('clientIP', 'timeoutSeconds');
  if (timeoutSeconds === undefined) return [...errors, required(at, when)];
  if (timeoutSeconds > 0 && timeoutSeconds <= AFFINITY_SECONDS_MAX) return errors;
  return [...errors, invalid(at, timeoutSeconds, `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`)];
}

/** Addresses and families agree with each other. Also checked before addresses are allocated. */
export function validateClusterIps(spec: ServiceSpec, accepted: readonly string[] = []): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const path = SPEC.child('clusterIPs');
  const errors: FieldError[] = [];
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.push(required(path));
    else if (clusterIPs[0] !== clusterIP) errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIPs.length > 0) {
    errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  }
  for (const [index, family] of ipFamilies.entries()) {
    const at = SPEC.child('ipFamilies').index(index);
    errors.push(...checkSupported(family, ['IPv4', 'IPv6'], at));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(at, family));
  }
  if (ipFamilyPolicy !== undefined) {
    const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
    errors.push(...checkSupported(ipFamilyPolicy, policies, SPEC.child('ipFamilyPolicy')));
  }
  const invalidIps: FieldError[] = [];
  for (const [index, ip] of clusterIPs.entries()) {
    if (index > 0 || ip !== 'None') invalidIps.push(...checkLegacyIp(ip, path.index(index), accepted));
    else if (clusterIPs.length > 1) {
      invalidIps.push(invalid(path, clusterIPs, "'None' must be the first and only value"));
    }
  }
  errors.push(...invalidIps);
  if (clusterIPs.length > 2) errors.push(invalid(path, clusterIPs, 'may only hold up to 2 values'));
  if (invalidIps.length > 0) return errors;
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.push(invalid(path, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if ((family !== 'IPv4' && family !== 'IPv6') || ipFamily(ip) === family) continue;
    errors.push(invalid(path.index(index), ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``));
  }
  return errors;
}

function validateSourceRanges({ spec, metadata }: Service, old?: Service): FieldError[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const isBalancer = spec.type === 'LoadBalancer';
  if (ranges.length > 0) {
    const path = SPEC.child('LoadBalancerSourceRanges');
    const accepted = (old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim());
    return [
      ...(isBalancer ? [] : [forbidden(path, ONLY_BALANCERS)]),
      ...ranges.flatMap((range, index) => checkLegacyCidr(range.trim(), path.index(index), accepted)),
    ];
  }
  const annotation = metadata.annotations?.[SOURCE_RANGES_ANNOTATION];
  if (annotation === undefined) return [];
  const path = FieldPath.of('metadata', 'annotations').key(SOURCE_RANGES_ANNOTATION);
  const errors = isBalancer ? [] : [forbidden(path, ONLY_BALANCERS)];
  if (old?.metadata.annotations?.[SOURCE_RANGES_ANNOTATION] === annotation || annotation.trim() === '') return errors;
  return [
    ...errors,
    ...annotation
      .trim()
      .split(',')
      .flatMap((range) => checkLegacyCidr(range.trim(), path)),
  ];
}

function validateBalancerFields({ type, allocateLoadBalancerNodePorts, loadBalancerClass }: ServiceSpec): FieldError[] {
  const isBalancer = type === 'LoadBalancer';
  const errors: FieldError[] = [];
  if (allocateLoadBalancerNodePorts !== undefined && !isBalancer) {
    errors.push(forbidden(SPEC.child('allocateLoadBalancerNodePorts'), ONLY_BALANCERS));
  }
  if (allocateLoadBalancerNodePorts === undefined && isBalancer) {
    errors.push(required(FieldPath.of('allocateLoadBalancerNodePorts')));
  }
  if (loadBalancerClass === undefined) return errors;
  const path = SPEC.child('loadBalancerClass');
  return [...errors, ...(isBalancer ? checkQualifiedName(loadBalancerClass, path) : [forbidden(path, ONLY_BALANCERS)])];
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const { type, externalTrafficPolicy, healthCheckNodePort = 0, internalTrafficPolicy, trafficDistribution } = spec;
  const policies = ['Cluster', 'Local'];
  const external = SPEC.child('externalTrafficPolicy');
  const errors: FieldError[] = [];
  if (isExternallyAccessible(spec)) errors.push(...checkChoice(externalTrafficPolicy, policies, external));
  else if (externalTrafficPolicy) {
    errors.push(invalid(external, externalTrafficPolicy, 'may only be set for externally-accessible services'));
  }
  const health = SPEC.child('healthCheckNodePort');
  if (!needsHealthCheck(spec)) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (healthCheckNodePort !== 0) errors.push(invalid(health, healthCheckNodePort, text));
  } else if (healthCheckNodePort === 0) errors.push(required(health));
  else errors.push(...invalidEach(health, healthCheckNodePort, isPortNumber(healthCheckNodePort)));
  const internal = SPEC.child('internalTrafficPolicy');
  if (internalTrafficPolicy !== undefined) errors.push(...checkSupported(internalTrafficPolicy, policies, internal));
  else if (['NodePort', 'LoadBalancer', 'ClusterIP'].includes(type ?? '')) errors.push(required(internal));
  if (trafficDistribution === undefined) return errors;
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  return [...errors, ...checkSupported(trafficDistribution, distributions, SPEC.child('trafficDistribution'))];
}

/** What an update may not change. */
export function validateServiceChange({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors = [...validateIpChange(spec, old), ...validateFamilyChange(spec, old)];
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass) {
    errors.push(invalid(SPEC.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set'));
  }
  if (spec.loadBalancerClass !== undefined) {
    const path = SPEC.child('loadBalancerClass');
    if (spec.type === 'LoadBalancer') errors.push(...checkQualifiedName(spec.loadBalancerClass, path));
    else errors.push(forbidden(path, ONLY_BALANCERS));
  }
  if (needsHealthCheck(old) && needsHealthCheck(spec) && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    errors.push(forbidden(SPEC.child('healthCheckNodePort'), 'field is immutable'));
  }
  return errors;
}

function validateIpChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || (isHeadless(old) && isHeadless(spec))) return [];
  const path = SPEC.child('clusterIPs');
  const before = old.clusterIPs ?? [];
  const after = spec.clusterIPs ?? [];
  if (before.length === after.length) {
    return before.flatMap((ip, index) =>
      ip === after[index] ? [] : [invalid(path.index(index), after, 'may not change once set')],
    );
  }
  const errors: FieldError[] = [];
  if (before.length > after.length && after.length === 0) {
    errors.push(invalid(path.index(0), after, 'primary clusterIP can not be unset'));
  }
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) {
    errors.push(invalid(path.index(0), after, 'may not change once set'));
  }
  if (before.length > after.length && after.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, text));
  }
  return errors;
}

function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || isHeadless(old) || isHeadless(spec)) return [];
  const path = SPEC.child('ipFamilies').index(0);
  const before = old.ipFamilies ?? [];
  const after = spec.ipFamilies ?? [];
  if (before.length === after.length) {
    return before.flatMap((family, index) =>
      family === after[index] ? [] : [invalid(path, after, 'may not change once set')],
    );
  }
  const errors: FieldError[] = [];
  if (before.length > after.length && !spec.clusterIPs?.length) {
    errors.push(invalid(path, after, 'primary ipFamily can not be unset'));
  }
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) {
    errors.push(invalid(path, spec.clusterIPs ?? null, 'may not change once set'));
  }
  if (before.length > after.length && after.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, text));
  }
  return errors;
}

export const isHeadless = ({ clusterIPs }: Pick<ServiceSpec, 'clusterIPs'>): boolean =>
  clusterIPs?.length === 1 && clusterIPs[0] === 'None';

type Reach = Pick<ServiceSpec, 'type' | 'externalIPs' | 'externalTrafficPolicy'>;

export const isExternallyAccessible = ({ type, externalIPs }: Reach): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs?.length ?? 0) > 0);

/** Load balancers ask nodes whether they have pods of the service, if only local pods are to be used. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: Reach): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
