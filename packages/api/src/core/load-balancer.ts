/**
 * Addresses that a load balancer gives a service or an ingress.
 *
 * Mirrors: ValidateLoadBalancerStatus in pkg/apis/core/validation/validation.go, loadBalancerStatusStringer in
 * pkg/printers/internalversion/printers.go (v1.36)
 */
import { FieldPath, forbidden, invalid, isDNS1123Subdomain, required, type FieldError } from '@kts/apimachinery';
import { checkSupported, invalidEach } from '../field-checks.ts';
import type { LoadBalancerIngress, Service } from '../gen/core-v1.gen.ts';
import { checkLegacyIp, parseIp } from '../ip-address.ts';

type Address = Pick<LoadBalancerIngress, 'ip' | 'hostname'>;

/** Distinct addresses or names, sorted. */
export function loadBalancerText(ingress: readonly Address[] | undefined): string {
  const texts = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  return [...new Set(texts)].toSorted().join(',');
}

export function validateLoadBalancerStatus({ spec, status }: Service, old: Service): FieldError[] {
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const accepted = (old.status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip);
  return ingress.flatMap(({ ip, ipMode, hostname }, index) => {
    const at = path.index(index);
    const errors = ip ? checkLegacyIp(ip, at.child('ip'), accepted) : [];
    if (ipMode === undefined) {
      if (ip) errors.push(required(at.child('ipMode'), 'must be specified when `ip` is set'));
    } else if (!ip) errors.push(forbidden(at.child('ipMode'), 'may not be specified when `ip` is not set'));
    else errors.push(...checkSupported(ipMode, ['Proxy', 'VIP'], at.child('ipMode')));
    return [...errors, ...validateBalancerHost(hostname, at.child('hostname'))];
  });
}

export function validateBalancerHost(hostname: string | undefined, path: FieldPath): FieldError[] {
  if (!hostname) return [];
  const errors = invalidEach(path, hostname, isDNS1123Subdomain(hostname));
  if (parseIp(hostname)) errors.push(invalid(path, hostname, 'must be a DNS name, not an IP address'));
  return errors;
}
