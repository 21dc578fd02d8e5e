import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { ingressClasses } from './ingressclass.ts';
import { ingresses } from './ingress.ts';
import { ipAddresses } from './ipaddress.ts';
import { networkPolicies } from './networkpolicy.ts';
import { serviceCIDRs } from './servicecidr.ts';

const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = { definition: ingresses, base: { spec: { defaultBackend: backend } } };
const withPath = (path: object): object => ({
  spec: { rules: [{ host: 'a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }] },
});
const withBackend = (defaultBackend: object): object => ({ spec: { defaultBackend } });
const ingressClass = { definition: ingressClasses, base: { spec: { controller: 'a.b/c' } } };
const withParameters = (parameters: object): object => ({
  spec: { parameters: { kind: 'K', name: 'n', scope: 'Cluster', ...parameters } },
});
const policy = { definition: networkPolicies, base: { spec: { podSelector: {} } } };
const ingressFrom = (...from: object[]): object => ({ spec: { ingress: [{ from }] } });
const ingressOn = (port: object): object => ({ spec: { ingress: [{ ports: [port] }] } });
const address = {
  definition: ipAddresses,
  base: { metadata: { name: '10.0.0.1' }, spec: { parentRef: { resource: 'services', namespace: 'n', name: 's' } } },
};
const range = { definition: serviceCIDRs, base: { spec: { cidrs: ['10.0.0.0/24'] } } };

describe('ingresses', () => {
  testCreation(ingress, [
    ['the least', {}],
    [
      'nothing',
      withBackend(null as never),
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    ],
    ['a rule', withPath({})],
    [
      'an address as host',
      { spec: { rules: [{ host: '1.2.3.4' }] } },
      'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ],
    [
      'a bad host',
      { spec: { rules: [{ host: 'A' }] } },
      `spec.rules[0].host: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['any host', { spec: { rules: [{ host: '*.a.b' }] } }],
    [
      'a bad pattern of hosts',
      { spec: { rules: [{ host: '*.*.b' }] } },
      `spec.rules[0].host: Invalid value: "*.*.b": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character`,
    ],
    ['no paths', { spec: { rules: [{ http: { paths: [] } }] } }, 'spec.rules[0].http.paths: Required value'],
    [
      'a relative path',
      withPath({ path: 'a' }),
      'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
    ],
    [
      'no path',
      withPath({ path: '' }),
      'spec.rules[0].http.paths[0].path: Invalid value: "": must be an absolute path',
    ],
    [
      'two slashes',
      withPath({ path: '/a//b' }),
      `spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain '//'`,
    ],
    [
      'a way back',
      withPath({ path: '/a/..' }),
      `spec.rules[0].http.paths[0].path: Invalid value: "/a/..": cannot end with '/..'`,
    ],
    [
      'an escaped slash',
      withPath({ path: '/a%2fb' }),
      `spec.rules[0].http.paths[0].path: Invalid value: "/a%2fb": must not contain '%2f'`,
    ],
    [
      'a path as it is',
      withPath({ path: 'a', pathType: 'ImplementationSpecific' }),
      'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
    ],
    [
      'no type',
      withPath({ pathType: null }),
      'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
    ],
    [
      'an unknown type',
      withPath({ pathType: 'x' }),
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "x": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ],
    [
      'no backend',
      withPath({ backend: null }),
      'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
    ],
    [
      'two backends',
      withBackend({ ...backend, resource: { kind: 'K', name: 'n' } }),
      'spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
    ],
    [
      'a service without name',
      withBackend({ service: { name: '' } }),
      'spec.defaultBackend.service.name: Required value',
    ],
    [
      'a service without port',
      withBackend({ service: { port: null } }),
      'spec.defaultBackend: Required value: port name or number is required',
    ],
    [
      'two ports',
      withBackend({ service: { port: { number: 80, name: 'a' } } }),
      'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
    ],
    [
      'a bad port',
      withBackend({ service: { port: { number: 65_536 } } }),
      'spec.defaultBackend.service.port.number: Invalid value: 65536: must be between 1 and 65535, inclusive',
    ],
    [
      'a bad name of a port',
      withBackend({ service: { port: { number: null, name: 'A_' } } }),
      'spec.defaultBackend.service.port.name: Invalid value: "A_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.defaultBackend.service.port.name: Invalid value: "A_": must contain at least one letter (a-z)',
    ],
    [
      'a resource without kind',
      withBackend({ service: null, resource: { kind: '', name: 'n' } }),
      'spec.defaultBackend.resource.kind: Required value',
    ],
    ['a certificate', { spec: { tls: [{ hosts: ['a.b'], secretName: 's' }] } }],
    [
      'a bad host of a certificate',
      { spec: { tls: [{ hosts: ['A'] }] } },
      `spec.tls[0].hosts[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad class',
      { spec: { ingressClassName: 'A' } },
      `spec.ingressClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'two classes',
      { metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } }, spec: { ingressClassName: 'b' } },
      'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
    ],
  ]);
});

describe('status of ingresses', () => {
  testStatusUpdate(ingress, [
    ['an address', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }],
    [
      'no address',
      { status: { loadBalancer: { ingress: [{ ip: 'x' }] } } },
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address,',
    ],
    [
      'an address as host',
      { status: { loadBalancer: { ingress: [{ hostname: '1.2.3.4' }] } } },
      'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ],
  ]);
});

describe('warnings about ingresses', () => {
  testWarnings(ingress, [
    ['none', {}],
    [
      'a class as annotation',
      { metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } } },
      `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
    ],
  ]);
});

describe('ingress classes', () => {
  testCreation(ingressClass, [
    ['the least', {}],
    ['no controller', { spec: { controller: '' } }, 'spec.controller: Required value'],
    [
      'a controller without domain',
      { spec: { controller: 'a' } },
      'spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'a long controller',
      { spec: { controller: 'a.b/' + 'c'.repeat(250) } },
      'spec.controller: Too long: may not be more than 250 bytes',
    ],
    ['parameters', withParameters({})],
    ['parameters without kind', withParameters({ kind: '' }), 'spec.parameters.kind: Required value'],
    [
      'parameters of a bad group',
      withParameters({ apiGroup: 'A' }),
      `spec.parameters.apiGroup: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['parameters without name', withParameters({ name: '' }), 'spec.parameters.name: Required value'],
    [
      'parameters with namespace',
      withParameters({ namespace: 'n' }),
      "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
    ],
    ['parameters of a namespace', withParameters({ scope: 'Namespace', namespace: 'n' })],
    [
      'parameters of no namespace',
      withParameters({ scope: 'Namespace' }),
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
    [
      'parameters of an unknown scope',
      withParameters({ scope: 'x' }),
      'spec.parameters.scope: Unsupported value: "x": supported values: "Cluster", "Namespace"',
    ],
  ]);
});

describe('changes of ingress classes', () => {
  testUpdate(ingressClass, [
    [
      'another controller',
      { spec: { controller: 'a.b/d' } },
      'spec.controller: Invalid value: "a.b/d": field is immutable',
    ],
  ]);
});

describe('network policies', () => {
  testCreation(policy, [
    ['the least', {}],
    [
      'a bad selector',
      { spec: { podSelector: { matchLabels: { 'a b': 'c' } } } },
      `spec.podSelector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a port', ingressOn({ port: 80, endPort: 81 })],
    [
      'a port of zero',
      ingressOn({ port: 0 }),
      'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'a bad name of a port',
      ingressOn({ port: 'A_' }),
      'spec.ingress[0].ports[0].port: Invalid value: "A_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.ingress[0].ports[0].port: Invalid value: "A_": must contain at least one letter (a-z)',
    ],
    [
      'an end before the start',
      ingressOn({ port: 80, endPort: 79 }),
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
    ],
    [
      'an end of a name',
      ingressOn({ port: 'a', endPort: 80 }),
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
    ],
    [
      'an end without start',
      ingressOn({ endPort: 80 }),
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is not specified',
    ],
    [
      'an unknown protocol',
      ingressOn({ protocol: 'x' }),
      'spec.ingress[0].ports[0].protocol: Unsupported value: "x": supported values: "TCP", "UDP", "SCTP"',
    ],
    ['nobody', ingressFrom({}), 'spec.ingress[0].from[0]: Required value: must specify a peer'],
    [
      'somebody and some place',
      ingressFrom({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
      'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
    ],
    ['a place', ingressFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } })],
    ['no place', ingressFrom({ ipBlock: { cidr: '' } }), 'spec.ingress[0].from[0].ipBlock.cidr: Required value'],
    [
      'a place that is none',
      ingressFrom({ ipBlock: { cidr: 'x' } }),
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value,',
    ],
    [
      'an exception from elsewhere',
      ingressFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
    [
      'an exception of everything',
      ingressFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ],
    [
      'an exception that is none',
      ingressFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['x'] } }),
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value,',
    ],
    [
      'an unknown direction',
      { spec: { policyTypes: ['x'] } },
      'spec.policyTypes[0]: Unsupported value: "x": supported values: "Ingress", "Egress"',
    ],
    [
      'three directions',
      { spec: { policyTypes: ['Ingress', 'Egress', 'Ingress'] } },
      'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
    ],
  ]);
});

describe('warnings about network policies', () => {
  testWarnings(policy, [
    ['none', {}],
    [
      'a place with bits of hosts',
      ingressFrom({ ipBlock: { cidr: '10.0.0.1/8' } }),
      'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
    ],
  ]);
});

describe('addresses', () => {
  testCreation(address, [
    ['the least', {}],
    ['no parent', { spec: { parentRef: null } }, 'spec.parentRef: Required value'],
    ['a parent without resource', { spec: { parentRef: { resource: '' } } }, 'spec.parentRef.resource: Required value'],
    ['a parent without name', { spec: { parentRef: { name: '' } } }, 'spec.parentRef.name: Required value'],
    [
      'a bad parent',
      { spec: { parentRef: { group: 'A', resource: 'a/b', namespace: '..', name: '..' } } },
      `spec.parentRef.group: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
      `spec.parentRef.resource: Invalid value: "a/b": may not contain '/'`,
      `spec.parentRef.name: Invalid value: "..": may not be '..'`,
      `spec.parentRef.namespace: Invalid value: "..": may not be '..'`,
    ],
  ]);
});

describe('changes of addresses', () => {
  testUpdate(address, [
    [
      'another parent',
      { spec: { parentRef: { name: 't' } } },
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"n","Name":"t"}: field is immutable',
    ],
  ]);
});

describe('ranges of services', () => {
  testCreation(range, [
    ['the least', {}],
    ['none', { spec: { cidrs: [] } }, 'spec.cidrs: Required value: at least one CIDR required'],
    ['both families', { spec: { cidrs: ['10.0.0.0/24', 'fd00::/64'] } }],
    [
      'three',
      { spec: { cidrs: ['10.0.0.0/24', 'fd00::/64', '10.1.0.0/24'] } },
      'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","fd00::/64","10.1.0.0/24"]}: may only hold up to 2 values',
    ],
    [
      'one family twice',
      { spec: { cidrs: ['10.0.0.0/24', '10.1.0.0/24'] } },
      'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
    ['no range', { spec: { cidrs: ['x'] } }, 'spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value,'],
    [
      'bits of hosts',
      { spec: { cidrs: ['10.0.0.1/24'] } },
      'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
    ],
  ]);
});

describe('changes of ranges of services', () => {
  testUpdate(range, [
    [
      'another',
      { spec: { cidrs: ['10.1.0.0/24'] } },
      'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
    ],
    ['one more', { spec: { cidrs: ['10.0.0.0/24', 'fd00::/64'] } }],
  ]);
});
