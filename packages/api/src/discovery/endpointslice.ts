import { duplicate, FieldPath, tooMany, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import {
  checkChoice,
  checkDnsLabel,
  checkImmutable,
  checkQualifiedName,
  checkSupported,
  sameValue,
} from '../field-checks.ts';
import type { EndpointPort, EndpointSlice } from '../gen/discovery-v1.gen.ts';
import { age } from '../human-duration.ts';
import { ipWarnings } from '../ip-address.ts';
import { validateEndpoints } from './endpoint-validation.ts';

const PORTS_MAX = 20_000;
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const SHOWN_MAX = 3;
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
/** These write addresses in their canonical spelling only. */
const OWN_CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];
const ADDRESS_TYPE = FieldPath.of('addressType');
const ENDPOINTS = FieldPath.of('endpoints');

/**
 * Some of the addresses behind a service.
 *
 * Mirrors: pkg/registry/discovery/endpointslice, pkg/apis/discovery/{v1,validation} (v1.36)
 */
export const endpointSlices = defineResource<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', {
  setDefaults: ({ ports }) => {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  // Version v1 has no topology any more; endpoints that stay as they are may keep theirs.
  prepareForCreate: ({ endpoints }) => {
    for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
  },
  prepareForUpdate: ({ endpoints }, old) => {
    if (sameValue(endpoints, old.endpoints)) return;
    for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
  },
  generation: (slice, old) =>
    !sameValue(slice.metadata.labels, old.metadata.labels) ||
    (['addressType', 'endpoints', 'ports'] as const).some((field) => !sameValue(slice[field], old[field])),
  validate: (slice) => validateSlice(slice),
  validateUpdate: (slice, old) => [
    ...validateSlice(slice, old),
    ...checkImmutable(slice.addressType, old.addressType, ADDRESS_TYPE),
  ],
  warnings: (slice, old) => [
    ...(!old && slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...(OWN_CONTROLLERS.includes(slice.metadata.labels?.[MANAGED_BY] ?? '') ? [] : addressWarnings(slice)),
  ],
  cells: ({ metadata, addressType, endpoints, ports }, now) => [
    metadata.name,
    addressType,
    shownText((ports ?? []).map(({ name, port }) => String(port ?? name ?? '*'))),
    shownText((endpoints ?? []).flatMap(({ addresses }) => addresses)),
    age(metadata.creationTimestamp, now),
  ],
});

function validateSlice(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const { addressType, endpoints, ports } = slice;
  const keepsEndpoints = old && sameValue(old.endpoints, endpoints);
  return [
    ...checkChoice(addressType, ADDRESS_TYPES, ADDRESS_TYPE),
    ...validatePorts(ports ?? [], FieldPath.of('ports')),
    ...(keepsEndpoints ? [] : validateEndpoints(endpoints ?? [], addressType, ENDPOINTS)),
  ];
}

function validatePorts(ports: readonly EndpointPort[], path: FieldPath): FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany(path, ports.length, PORTS_MAX)];
  const names = new Set<string>();
  return ports.flatMap(({ appProtocol, name = '', protocol }, index) => {
    const at = path.index(index);
    const errors = name ? checkDnsLabel(name, at.child('name')) : [];
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    return [
      ...errors,
      ...checkSupported(protocol, PROTOCOLS, at.child('protocol')),
      ...(appProtocol === undefined ? [] : checkQualifiedName(appProtocol, at.child('appProtocol'))),
    ];
  });
}

function addressWarnings({ endpoints }: EndpointSlice): string[] {
  return (endpoints ?? []).flatMap(({ addresses }, index) =>
    addresses.flatMap((address, i) => ipWarnings(address, ENDPOINTS.index(index).child('addresses').index(i))),
  );
}

function shownText(texts: readonly string[]): string {
  if (texts.length === 0) return '<unset>';
  const shown = texts.slice(0, SHOWN_MAX).join(',');
  return texts.length > SHOWN_MAX ? `${shown} + ${texts.length - SHOWN_MAX} more...` : shown;
}
