/**
 * Which IP families a service has: those it asks for, those of the addresses it asks for, or the cluster's.
 *
 * Mirrors: initIPFamilyFields in pkg/registry/core/service/storage/alloc.go (v1.36)
 */
import { FieldPath, invalid, type Draft, type FieldError } from '@kts/apimachinery';
import { sameValue } from '../field-checks.ts';
import type { ServiceSpec } from '../gen/core-v1.gen.ts';
import { ipFamily } from '../ip-address.ts';
import { validateClusterIps } from './service-validation.ts';

const SPEC = FieldPath.of('spec');
const POLICY = SPEC.child('ipFamilyPolicy');
const HEADLESS = 'None';
const DUAL = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";

type Family = 'IPv4' | 'IPv6';
type Spec = Draft<ServiceSpec>;

/**
 * Sets policy and families of a service that is written. `families` are the cluster's, its default first. What is
 * wrong is answered, and then nothing of the draft is of use any more.
 */
export function initIpFamilies(spec: Spec, old: ServiceSpec | undefined, families: readonly Family[]): FieldError[] {
  if (spec.type === 'ExternalName' || staysPreferred(spec, old)) return [];
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (isSelfManaged(spec) ? 'RequireDualStack' : 'SingleStack');
  const unsound = validateClusterIps(spec, old?.clusterIPs);
  if (unsound.length > 0) return unsound;
  const errors = [...adaptToPolicy(spec, old), ...refuseSecond(spec), ...inferFamilies(spec, families)];
  if (errors.length > 0) return errors;
  const chosen = (spec.ipFamilies ??= []);
  if (isSelfManaged(spec)) {
    if (chosen.length === 0) chosen.push(families[0]!);
    if (spec.ipFamilyPolicy !== 'SingleStack' && chosen.length < 2) chosen.push(otherOf(chosen[0]));
    return [];
  }
  const missing = refuseUnknown(spec, families);
  if (missing.length > 0) return missing;
  if (chosen.length === 0) chosen.push(families[0]!);
  if (spec.ipFamilyPolicy !== 'SingleStack' && chosen.length === 1 && families.length === 2) {
    chosen.push(otherOf(chosen[0]));
  }
  return [];
}

/** Services that would like both families keep what they have when the cluster gains or loses one. */
export function staysPreferred(spec: ServiceSpec | Spec, old: ServiceSpec | undefined): boolean {
  if (!old || spec.type !== old.type || spec.ipFamilyPolicy !== 'PreferDualStack') return false;
  if (old.ipFamilyPolicy !== undefined && old.ipFamilyPolicy !== 'PreferDualStack') return false;
  return sameValue(spec.clusterIPs, old.clusterIPs) && sameValue(spec.ipFamilies, old.ipFamilies);
}

/** Without addresses and without pods that it selects: somebody else says what it leads to. */
function isSelfManaged({ clusterIP, selector }: Spec): boolean {
  return clusterIP === HEADLESS && Object.keys(selector ?? {}).length === 0;
}

const otherOf = (family: string | undefined): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4');

/** Asking for a single family gives up the second; leaving the second out without asking is a mistake. */
function adaptToPolicy(spec: Spec, old: ServiceSpec | undefined): FieldError[] {
  if (!old) return [];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (sameValue(spec.clusterIPs, old.clusterIPs) && spec.clusterIPs)
      spec.clusterIPs.length = Math.min(spec.clusterIPs.length, 1);
    if (sameValue(spec.ipFamilies, old.ipFamilies) && spec.ipFamilies)
      spec.ipFamilies.length = Math.min(spec.ipFamilies.length, 1);
    return [];
  }
  const reduced = (after: readonly string[] = [], before: readonly string[] = []): boolean =>
    after.length > 0 && after.length < before.length;
  const text = "must be 'SingleStack' to release the secondary";
  return [
    ...(reduced(spec.clusterIPs, old.clusterIPs) ? [invalid(POLICY, spec.ipFamilyPolicy, `${text} cluster IP`)] : []),
    ...(reduced(spec.ipFamilies, old.ipFamilies) ? [invalid(POLICY, spec.ipFamilyPolicy, `${text} IP family`)] : []),
  ];
}

function refuseSecond({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: Spec): FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return [];
  return [
    ...(clusterIPs.length === 2 ? [invalid(POLICY, ipFamilyPolicy, `${DUAL} cluster IPs are specified`)] : []),
    ...(ipFamilies.length === 2 ? [invalid(POLICY, ipFamilyPolicy, `${DUAL} IP families are specified`)] : []),
  ];
}

/** Addresses say which family they are of. */
function inferFamilies(spec: Spec, families: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === HEADLESS) break;
    const family = ipFamily(ip);
    const chosen = (spec.ipFamilies ??= []);
    if (!family || index < chosen.length) continue;
    if (families.includes(family)) chosen.push(family);
    else {
      const text = `${family} is not configured on this cluster`;
      errors.push(invalid(SPEC.child('clusterIPs').index(index), spec.clusterIPs, text));
    }
  }
  return errors;
}

function refuseUnknown({ ipFamilyPolicy, ipFamilies = [] }: Spec, families: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (ipFamilyPolicy === 'RequireDualStack' && families.length < 2) {
    errors.push(invalid(POLICY, ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (families.includes(family)) continue;
    errors.push(invalid(SPEC.child('ipFamilies').index(index), family, 'not configured on this cluster'));
  }
  return errors;
}
