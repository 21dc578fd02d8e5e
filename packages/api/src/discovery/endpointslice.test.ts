import { describe } from 'node:test';
import { testCreation, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { endpointSlices } from './endpointslice.ts';

const slice = { definition: endpointSlices, base: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }] } };
const withEndpoint = (endpoint: object): object => ({ endpoints: [{ addresses: ['10.0.0.1'], ...endpoint }] });
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `10.0.0.${index}`);

describe('slices', () => {
  testCreation(slice, [
    ['the least', {}],
    ['no type', { addressType: null }, 'addressType: Required value'],
    [
      'an unknown type',
      { addressType: 'x' },
      'addressType: Unsupported value: "x": supported values: "FQDN", "IPv4", "IPv6"',
    ],
    [
      'no addresses',
      withEndpoint({ addresses: [] }),
      'endpoints[0].addresses: Required value: must contain at least 1 address',
    ],
    [
      'too many addresses',
      withEndpoint({ addresses: many(101) }),
      'endpoints[0].addresses: Too many: 101: must have at most 100 items',
    ],
    [
      'an address of another family',
      withEndpoint({ addresses: ['fd00::1'] }),
      'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
    ],
    [
      'a name as address',
      withEndpoint({ addresses: ['a.b'] }),
      'endpoints[0].addresses[0]: Invalid value: "a.b": must be a valid IP address,',
    ],
    [
      'an address of the node itself',
      withEndpoint({ addresses: ['127.0.0.1'] }),
      'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    ['names', { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] }],
    [
      'a bad name',
      { addressType: 'FQDN', endpoints: [{ addresses: ['A'] }] },
      `endpoints[0].addresses[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad host',
      withEndpoint({ hostname: 'A' }),
      `endpoints[0].hostname: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad node',
      withEndpoint({ nodeName: 'A' }),
      `endpoints[0].nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a bad topology', withEndpoint({ deprecatedTopology: { 'a b': 'c' } })],
    [
      'too many topologies',
      withEndpoint({ deprecatedTopology: Object.fromEntries(many(17).map((key) => [key, 'a'])) }),
    ],
    ['a host in the topology', withEndpoint({ deprecatedTopology: { 'kubernetes.io/hostname': 'a' } })],
    ['hints', withEndpoint({ hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'b' }] } })],
    [
      'too many zones',
      withEndpoint({ hints: { forZones: many(9).map((name) => ({ name })) } }),
      'endpoints[0].hints.forZones: Too many: 9: must have at most 8 items',
    ],
    [
      'a zone twice',
      withEndpoint({ hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }),
      'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
    ],
    [
      'a bad zone',
      withEndpoint({ hints: { forZones: [{ name: 'a b' }] } }),
      `endpoints[0].hints.forZones[0].name: Invalid value: "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad node as hint',
      withEndpoint({ hints: { forNodes: [{ name: 'A' }] } }),
      `endpoints[0].hints.forNodes[0].name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'ports',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
    ],
    ['ports without names', { ports: [{ port: 80 }, { port: 81 }] }, 'ports[1].name: Duplicate value: ""'],
    [
      'a bad name of a port',
      { ports: [{ name: 'A' }] },
      `ports[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    [
      'an unknown protocol',
      { ports: [{ protocol: 'x' }] },
      'ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'a bad protocol of the application',
      { ports: [{ appProtocol: 'a b' }] },
      `ports[0].appProtocol: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('changes of slices', () => {
  testUpdate(slice, [
    ['other endpoints', { endpoints: [] }],
    ['another type', { addressType: 'IPv6', endpoints: [] }, 'addressType: Invalid value: "IPv6": field is immutable'],
  ]);
});

describe('warnings about slices', () => {
  testWarnings(slice, [
    ['none', {}],
    [
      'names',
      { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] },
      'spec.addressType: FQDN endpoints are deprecated',
    ],
  ]);
});
