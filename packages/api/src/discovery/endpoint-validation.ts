/**
 * The addresses of a slice, and what is said about each.
 *
 * Mirrors: validateEndpoints in pkg/apis/discovery/validation/validation.go (v1.36)
 */
import {
  duplicate,
  invalid,
  isDNS1123Label,
  isDNS1123Subdomain,
  isLabelValue,
  nameIsDNSSubdomain,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { validateEndpointIp } from '../core/endpoint-ip-validation.ts';
import { checkDnsLabel, invalidEach } from '../field-checks.ts';
import type { Endpoint, EndpointHints, EndpointSlice } from '../gen/discovery-v1.gen.ts';
import { checkIp, checkLegacyIp, ipFamily } from '../ip-address.ts';

const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const HINTS_MAX = 8;

type AddressType = EndpointSlice['addressType'];

export function validateEndpoints(endpoints: readonly Endpoint[], type: AddressType, path: FieldPath): FieldError[] {
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany(path, endpoints.length, ENDPOINTS_MAX)];
  return endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, type, path.index(index)));
}

function validateEndpoint(endpoint: Endpoint, type: AddressType, path: FieldPath): FieldError[] {
  const { hints, hostname, nodeName } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const at = path.child('addresses');
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'));
  else if (addresses.length > ADDRESSES_MAX) errors.push(tooMany(at, addresses.length, ADDRESSES_MAX));
  for (const [index, address] of addresses.entries()) errors.push(...validateAddress(address, type, at, index));
  if (nodeName !== undefined) {
    errors.push(...invalidEach(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)));
  }
  if (hostname !== undefined) errors.push(...checkDnsLabel(hostname, path.child('hostname')));
  return hints ? [...errors, ...validateHints(hints, path.child('hints'))] : errors;
}

/** Addresses of kinds that do not exist are not looked at. */
function validateAddress(address: string, type: AddressType, path: FieldPath, index: number): FieldError[] {
  const at = path.index(index);
  if (type === 'FQDN') return validateDomainName(address, at);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const errors = type === 'IPv4' ? checkLegacyIp(address, at) : checkIp(address, at);
  if (errors.length > 0) return errors;
  const familyErrors = ipFamily(address) === type ? [] : [invalid(path, address, `must be an ${type} address`)];
  return [...familyErrors, ...validateEndpointIp(address, at)];
}

/** Ends in a dot or not; the first bad label is enough. */
function validateDomainName(text: string, path: FieldPath): FieldError[] {
  if (text === '') return [required(path)];
  const name = text.replace(/\.$/, '');
  const complaints = isDNS1123Subdomain(name);
  if (complaints.length > 0) return [invalid(path, name, complaints.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) {
    return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  }
  const bad = labels.find((label) => isDNS1123Label(label).length > 0);
  return bad === undefined ? [] : [invalid(path, bad, isDNS1123Label(bad).join(','))];
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: FieldPath): FieldError[] {
  const zones = path.child('forZones');
  if (forZones.length > HINTS_MAX) return [tooMany(zones, forZones.length, HINTS_MAX)];
  const errors = validateNames(forZones, isLabelValue, zones);
  const nodes = path.child('forNodes');
  if (forNodes.length > HINTS_MAX) return [...errors, tooMany(nodes, forNodes.length, HINTS_MAX)];
  return [...errors, ...validateNames(forNodes, (name) => nameIsDNSSubdomain(name, false), nodes)];
}

function validateNames(
  items: readonly { readonly name: string }[],
  complaintsAbout: (name: string) => readonly string[],
  path: FieldPath,
): FieldError[] {
  const names = new Set<string>();
  return items.flatMap(({ name }, index) => {
    const at = path.index(index).child('name');
    const errors = names.has(name) ? [duplicate(at, name)] : [];
    names.add(name);
    return [...errors, ...invalidEach(at, name, complaintsAbout(name))];
  });
}
