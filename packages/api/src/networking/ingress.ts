import {
  FieldPath,
  invalid,
  isDNS1123Subdomain,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDNS1123Subdomain,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  notSupported,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { loadBalancerText, validateBalancerHost } from '../core/load-balancer.ts';
import { defineResource } from '../define-resource.ts';
import { asSent, invalidEach } from '../field-checks.ts';
import type { TypedLocalObjectReference } from '../gen/core-v1.gen.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressSpec } from '../gen/networking-v1.gen.ts';
import { age } from '../human-duration.ts';
import { checkLegacyIp, parseIp } from '../ip-address.ts';
import { validateObjectMeta } from '../metadata-validation.ts';

const SPEC = FieldPath.of('spec');
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const SHOWN_HOSTS = 3;
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

interface IngressRules {
  readonly allowInvalidSecretName: boolean;
  readonly allowInvalidWildcardRule: boolean;
}

/**
 * HTTP routes to services from outside.
 *
 * Mirrors: pkg/registry/networking/ingress, pkg/apis/networking/validation (v1.36)
 */
export const ingresses = defineResource<Ingress>('networking.k8s.io/v1', 'ingresses', {
  prepareForCreate: (draft) => {
    draft.status = { loadBalancer: {} };
  },
  validate: ({ metadata, spec }) => {
    const errors = validateIngressSpec(spec, { allowInvalidSecretName: false, allowInvalidWildcardRule: false });
    const annotation = metadata.annotations?.[CLASS_ANNOTATION];
    if (annotation === undefined || spec.ingressClassName === undefined || annotation === spec.ingressClassName) {
      return errors;
    }
    const path = FieldPath.of('annotations', CLASS_ANNOTATION);
    return [...errors, invalid(path, annotation, 'must match `ingressClassName` when both are specified')];
  },
  validateUpdate: ({ metadata, spec }, old) => [
    ...validateObjectMeta(metadata, { namespaced: true }),
    ...validateIngressSpec(spec, {
      allowInvalidSecretName: (old.spec?.tls ?? []).some(({ secretName }) => secretNameErrors(secretName).length > 0),
      allowInvalidWildcardRule: hasInvalidWildcardRule(old.spec),
    }),
  ],
  validateStatusUpdate: ({ status }, old) => {
    const accepted = (old.status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip);
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
      const path = FieldPath.of('status', 'loadBalancer', 'ingress').index(index);
      return [
        ...(ip ? checkLegacyIp(ip, path.child('ip'), accepted) : []),
        ...validateBalancerHost(hostname, path.child('hostname')),
      ];
    });
  },
  warnings: ({ metadata }, old) =>
    !old && metadata.annotations?.[CLASS_ANNOTATION] !== undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec?.ingressClassName ?? '<none>',
    hostsText(spec),
    loadBalancerText(status?.loadBalancer?.ingress),
    spec?.tls?.length ? '80, 443' : '80',
    age(metadata.creationTimestamp, now),
  ],
});

function validateIngressSpec(spec: IngressSpec, rules: IngressRules): FieldError[] {
  const { defaultBackend, ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !defaultBackend) {
    errors.push(invalid(SPEC, asSent(spec, 'rules', []), 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, SPEC.child('defaultBackend')));
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    const at = SPEC.child('rules').index(index);
    errors.push(...validateHost(rule.host, at.child('host')));
    if (!rule.http || (rule.host?.includes('*') && rules.allowInvalidWildcardRule)) continue;
    errors.push(...validatePaths(rule.http.paths ?? [], at.child('http', 'paths')));
  }
  for (const [index, { hosts = [], secretName }] of (spec.tls ?? []).entries()) {
    const at = SPEC.child('tls').index(index);
    errors.push(
      ...hosts.flatMap((host, i) => invalidEach(at.child('hosts').index(i), host, hostErrors(host))),
      ...(rules.allowInvalidSecretName
        ? []
        : invalidEach(at.child('secretName'), secretName ?? '', secretNameErrors(secretName))),
    );
  }
  if (ingressClassName === undefined) return errors;
  const complaints = nameIsDNSSubdomain(ingressClassName, false);
  return [...errors, ...invalidEach(SPEC.child('ingressClassName'), ingressClassName, complaints)];
}

const hostErrors = (host: string): string[] =>
  host.includes('*') ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host);

const secretNameErrors = (name: string | undefined): string[] => (name ? nameIsDNSSubdomain(name, false) : []);

function validateHost(host: string | undefined, path: FieldPath): FieldError[] {
  if (!host) return [];
  const ip = parseIp(host) ? [invalid(path, host, 'must be a DNS name, not an IP address')] : [];
  return [...ip, ...invalidEach(path, host, hostErrors(host))];
}

function validatePaths(paths: readonly HTTPIngressPath[], path: FieldPath): FieldError[] {
  if (paths.length === 0) return [required(path)];
  return paths.flatMap((entry, index) => validatePath(entry, path.index(index)));
}

function validatePath({ path: route = '', pathType, backend }: HTTPIngressPath, path: FieldPath): FieldError[] {
  if (typeof pathType !== 'string') return [required(path.child('pathType'), 'pathType must be specified')];
  const at = path.child('path');
  const errors: FieldError[] = [];
  const exact = pathType === 'Exact' || pathType === 'Prefix';
  if (!exact && pathType !== 'ImplementationSpecific') {
    errors.push(notSupported(path.child('pathType'), pathType, PATH_TYPES));
  } else if (!route.startsWith('/') && (exact || route)) {
    errors.push(invalid(at, route, 'must be an absolute path'));
  }
  if (exact) {
    for (const part of BAD_SEQUENCES) {
      if (route.includes(part)) errors.push(invalid(at, route, `must not contain '${part}'`));
    }
    for (const part of BAD_SUFFIXES) {
      if (route.endsWith(part)) errors.push(invalid(at, route, `cannot end with '${part}'`));
    }
  }
  return [...errors, ...validateBackend(backend ?? {}, path.child('backend'))];
}

function validateBackend({ service, resource }: IngressBackend, path: FieldPath): FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return validateReference(resource, path.child('resource'));
  if (!service) return [invalid(path, '', 'resource or service backend is required')];
  const { name, port = {} } = service;
  const errors = name
    ? invalidEach(path.child('service', 'name'), name, nameIsDNSLabel(name, false))
    : [required(path.child('service', 'name'))];
  if (port.name && port.number) return [...errors, invalid(path, '', 'cannot set both port name & port number')];
  if (port.name)
    return [...errors, ...invalidEach(path.child('service', 'port', 'name'), port.name, isPortName(port.name))];
  if (!port.number) return [...errors, required(path, 'port name or number is required')];
  return [...errors, ...invalidEach(path.child('service', 'port', 'number'), port.number, isPortNumber(port.number))];
}

/** A reference to an object whose kind and name only have to fit into a URL. */
export function validateReference(
  { apiGroup, kind, name }: Partial<TypedLocalObjectReference>,
  path: FieldPath,
): FieldError[] {
  return [
    ...(typeof apiGroup === 'string'
      ? invalidEach(path.child('apiGroup'), apiGroup, isDNS1123Subdomain(apiGroup))
      : []),
    ...(kind ? invalidEach(path.child('kind'), kind, isPathSegmentName(kind)) : [required(path.child('kind'))]),
    ...(name ? invalidEach(path.child('name'), name, isPathSegmentName(name)) : [required(path.child('name'))]),
  ];
}

function hasInvalidWildcardRule(spec: IngressSpec | undefined): boolean {
  return (spec?.rules ?? []).some(
    ({ host, http }) => host?.includes('*') && http && validatePaths(http.paths ?? [], SPEC).length > 0,
  );
}

/** Three hosts, and how many more there are. */
/** Rules without a host count, but are not shown: `*` stands for there being no others. */
function hostsText(spec: IngressSpec | undefined): string {
  const rules = spec?.rules ?? [];
  const hosts: string[] = [];
  for (const { host } of rules) {
    if (hosts.length === SHOWN_HOSTS) return `${hosts.join(',')} + ${rules.length - SHOWN_HOSTS} more...`;
    if (host) hosts.push(host);
  }
  return hosts.join(',') || '*';
}
