import { FieldPath, isPortNumber, nameIsDNSSubdomain, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkChoice, checkDnsLabel, checkQualifiedName, invalidEach, sameValue } from '../field-checks.ts';
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { checkLegacyIp, ipFamily, ipWarnings } from '../ip-address.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { validateEndpointIp } from './endpoint-ip-validation.ts';

const SUBSETS = FieldPath.of('subsets');
const SHOWN_MAX = 3;

/**
 * Addresses behind a service; endpoint slices have taken their place.
 *
 * Mirrors: pkg/registry/core/endpoint, ValidateEndpoints in pkg/apis/core/validation (v1.36)
 */
export const endpoints = defineResource<Endpoints>('v1', 'endpoints', {
  generation: 'none',
  allowCreateOnUpdate: true,
  setDefaults: ({ subsets }) => {
    for (const port of (subsets ?? []).flatMap(({ ports }) => ports ?? [])) if (!port.protocol) port.protocol = 'TCP';
  },
  validate: ({ subsets }) => validateSubsets(subsets ?? []),
  validateUpdate: ({ metadata, subsets }, old) => [
    ...validateObjectMeta(metadata, { namespaced: true }),
    ...(sameValue(subsets, old.subsets) ? [] : validateSubsets(subsets ?? [])),
  ],
  warnings: ({ subsets }) => [
    'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    ...(subsets ?? []).flatMap(({ addresses, notReadyAddresses }, index) => [
      ...addressWarnings(addresses, SUBSETS.index(index).child('addresses')),
      ...addressWarnings(notReadyAddresses, SUBSETS.index(index).child('notReadyAddresses')),
    ]),
  ],
  cells: ({ metadata, subsets }, now) => [
    metadata.name,
    addressesText(subsets ?? []),
    age(metadata.creationTimestamp, now),
  ],
});

function validateSubsets(subsets: readonly EndpointSubset[]): FieldError[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const path = SUBSETS.index(index);
    const none = addresses.length === 0 && notReadyAddresses.length === 0;
    return [
      ...(none ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...addresses.flatMap((address, i) => validateAddress(address, path.child('addresses').index(i))),
      ...notReadyAddresses.flatMap((address, i) => validateAddress(address, path.child('notReadyAddresses').index(i))),
      ...ports.flatMap((port, i) => validatePort(port, ports.length > 1, path.child('ports').index(i))),
    ];
  });
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath): FieldError[] {
  return [
    ...checkLegacyIp(ip, path.child('ip')),
    ...(hostname ? checkDnsLabel(hostname, path.child('hostname')) : []),
    ...(nodeName === undefined
      ? []
      : invalidEach(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false))),
    ...validateEndpointIp(ip, path.child('ip')),
  ];
}

function validatePort(
  { name, port, protocol, appProtocol }: EndpointPort,
  named: boolean,
  path: FieldPath,
): FieldError[] {
  return [
    ...(name ? checkDnsLabel(name, path.child('name')) : named ? [required(path.child('name'))] : []),
    ...invalidEach(path.child('port'), port ?? 0, isPortNumber(port ?? 0)),
    ...checkChoice(protocol, ['SCTP', 'TCP', 'UDP'], path.child('protocol')),
    ...(appProtocol === undefined ? [] : checkQualifiedName(appProtocol, path.child('appProtocol'))),
  ];
}

function addressWarnings(addresses: readonly EndpointAddress[] = [], path: FieldPath): string[] {
  return addresses.flatMap(({ ip }, index) => ipWarnings(ip, path.index(index).child('ip')));
}

/** The first addresses with their ports, and how many more there are. */
function addressesText(subsets: readonly EndpointSubset[]): string {
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ipFamily(ip) === 'IPv6' ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const shown = all.slice(0, SHOWN_MAX).join(',');
  return all.length > SHOWN_MAX ? `${shown} + ${all.length - SHOWN_MAX} more...` : shown;
}
