/**
 * What clients are told about services that work, but not as they may think.
 *
 * Mirrors: pkg/api/service/warnings.go (v1.36)
 */
import { FieldPath } from '@kts/apimachinery';
import type { Service } from '../gen/core-v1.gen.ts';
import { cidrWarnings, ipWarnings } from '../ip-address.ts';
import { isHeadless } from './service-validation.ts';

const SPEC = FieldPath.of('spec');
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

export function serviceWarnings({ metadata, spec }: Service): readonly string[] {
  const { externalIPs = [], externalName, loadBalancerIP, type } = spec;
  const headless = isHeadless(spec);
  const isName = type === 'ExternalName';
  const warnings: string[] = [];
  if (metadata.annotations?.[TOPOLOGY_HINTS] !== undefined) {
    warnings.push(`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`);
  }
  if (spec.clusterIP && spec.clusterIP !== 'None') {
    warnings.push(...warnEach(spec.clusterIPs, SPEC.child('clusterIPs'), ipWarnings));
  }
  if (headless) {
    if (loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  warnings.push(...warnEach(externalIPs, SPEC.child('externalIPs'), ipWarnings));
  if (externalIPs.length > 0 && !headless && !isName) {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  if (loadBalancerIP) warnings.push(...ipWarnings(loadBalancerIP, SPEC.child('loadBalancerIP')));
  warnings.push(...warnEach(spec.loadBalancerSourceRanges, SPEC.child('loadBalancerSourceRanges'), cidrWarnings));
  if (isName && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (!isName && externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

function warnEach(
  texts: readonly string[] | undefined,
  path: FieldPath,
  warn: (text: string, path: FieldPath) => string[],
): string[] {
  return (texts ?? []).flatMap((text, index) => warn(text, path.index(index)));
}
