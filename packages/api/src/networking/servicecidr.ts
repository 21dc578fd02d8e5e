import { FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { IMMUTABLE } from '../field-checks.ts';
import type { ServiceCIDR } from '../gen/networking-v1.gen.ts';
import { age } from '../human-duration.ts';
import { checkCidr, parseCidr } from '../ip-address.ts';
import { internalForm } from '../internal-form.ts';

const CIDRS = FieldPath.of('spec', 'cidrs');

/**
 * Ranges from which services get their addresses.
 *
 * Mirrors: pkg/registry/networking/servicecidr, pkg/apis/networking/validation (v1.36)
 */
export const serviceCIDRs = defineResource<ServiceCIDR>('networking.k8s.io/v1', 'servicecidrs', {
  generation: 'none',
  prepareForCreate: (draft) => {
    draft.status = {};
  },
  validate: ({ spec }) => validateRanges(spec.cidrs ?? []),
  validateUpdate: ({ spec }, old) => validateChange(spec.cidrs ?? [], old.spec.cidrs ?? []),
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    (spec.cidrs ?? []).join(','),
    age(metadata.creationTimestamp, now),
  ],
});

function validateRanges(cidrs: readonly string[]): FieldError[] {
  if (cidrs.length === 0) return [required(CIDRS, 'at least one CIDR required')];
  if (cidrs.length > 2)
    return [invalid(CIDRS, internalForm('networking.v1.ServiceCIDRSpec', { cidrs }), 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => checkCidr(cidr, CIDRS.index(index)));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.address.family);
  if (cidrs.length < 2 || first === undefined || first !== second) return errors;
  const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  return [...errors, invalid(CIDRS, cidrs, text)];
}

/** A second family may be added; nothing else changes. */
function validateChange(cidrs: readonly string[], old: readonly string[]): FieldError[] {
  const changed = cidrs.flatMap((cidr, index) =>
    index < old.length && cidr !== old[index] ? [invalid(CIDRS.index(index), cidr, IMMUTABLE)] : [],
  );
  if (cidrs.length === old.length) return changed;
  if (old.length === 1 && cidrs.length === 2) return [...changed, ...validateRanges(cidrs)];
  return [invalid(CIDRS, cidrs, IMMUTABLE)];
}
