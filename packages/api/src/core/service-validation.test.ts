import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { endpoints } from './endpoints.ts';
import { services } from './service.ts';

const service = { definition: services, base: { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } } };
const endpoint = {
  definition: endpoints,
  base: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
};
const withSpec = (spec: object): object => ({ spec });
const withPort = (port: object): object => withSpec({ ports: [{ port: 80, ...port }] });
const withAddress = (address: object): object => ({ subsets: [{ addresses: [address] }] });
const external = (spec: object = {}): object =>
  withSpec({ type: 'ExternalName', externalName: 'a.example.com', ports: null, ...spec });
const balancer = (spec: object = {}): object => withSpec({ type: 'LoadBalancer', ...spec });
const externalName = { definition: services, base: { spec: { type: 'ExternalName', externalName: 'a.example.com' } } };
const RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

describe('services', () => {
  testCreation(service, [
    ['the least', {}],
    [
      'an unknown type',
      withSpec({ type: 'x' }),
      'spec.type: Unsupported value: "x": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    ['no ports', withSpec({ ports: null }), 'spec.ports: Required value'],
    ['no ports and no address', withSpec({ ports: null, clusterIP: 'None' })],
    [
      'a port of zero',
      withPort({ port: 0 }),
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'a bad name of a port',
      withPort({ name: 'A' }),
      `spec.ports[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    [
      'an unknown protocol',
      withPort({ protocol: 'x' }),
      'spec.ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'a bad target',
      withPort({ targetPort: 'A_' }),
      'spec.ports[0].targetPort: Invalid value: "A_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.ports[0].targetPort: Invalid value: "A_": must contain at least one letter (a-z)',
    ],
    [
      'a target of zero',
      withPort({ targetPort: -1 }),
      'spec.ports[0].targetPort: Invalid value: -1: must be between 1 and 65535, inclusive',
    ],
    [
      'a bad protocol of the application',
      withPort({ appProtocol: 'a b' }),
      `spec.ports[0].appProtocol: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'ports without names',
      withSpec({ ports: [{ port: 1 }, { port: 2 }] }),
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ],
    [
      'a name twice',
      withSpec({
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      }),
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    [
      'a port twice',
      withSpec({
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      }),
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
    ],
    [
      'a node port twice',
      withSpec({
        type: 'NodePort',
        ports: [
          { name: 'a', port: 1, nodePort: 30_000 },
          { name: 'b', port: 2, nodePort: 30_000 },
        ],
      }),
      'spec.ports[1].nodePort: Duplicate value: 30000',
    ],
    [
      'a node port of one type that has none',
      withPort({ nodePort: 30_000 }),
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      'a bad selector',
      withSpec({ selector: { 'a b': 'c' } }),
      `spec.selector: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'an unknown affinity',
      withSpec({ sessionAffinity: 'x' }),
      'spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"',
    ],
    [
      'affinity for too long',
      withSpec({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } }),
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
    [
      'an address that is none',
      withSpec({ clusterIP: 'x' }),
      'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address,',
    ],
    [
      'an address and None',
      withSpec({ clusterIP: 'None', clusterIPs: ['None', '10.0.0.1'] }),
      `spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: 'None' must be the first and only value`,
    ],
    [
      'addresses of one family',
      withSpec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] }),
      'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
    ],
    [
      'three addresses',
      withSpec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1', '10.0.0.2'] }),
      'spec.clusterIPs: Invalid value: ["10.0.0.1","fd00::1","10.0.0.2"]: may only hold up to 2 values',
    ],
    [
      'another first address',
      withSpec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] }),
      'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
    ],
    [
      'an address of another family',
      withSpec({ clusterIP: '10.0.0.1', ipFamilies: ['IPv6'] }),
      'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
    ],
    ['a family twice', withSpec({ ipFamilies: ['IPv4', 'IPv4'] }), 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    [
      'an unknown family',
      withSpec({ ipFamilies: ['x'] }),
      'spec.ipFamilies[0]: Unsupported value: "x": supported values: "IPv4", "IPv6"',
    ],
    [
      'an unknown policy',
      withSpec({ ipFamilyPolicy: 'x' }),
      'spec.ipFamilyPolicy: Unsupported value: "x": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
    [
      'headless for nodes',
      withSpec({ type: 'NodePort', clusterIP: 'None' }),
      `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`,
    ],
    ['an external address', withSpec({ externalIPs: ['1.2.3.4'] })],
    [
      'external addresses that cannot be',
      withSpec({ externalIPs: ['127.0.0.1', '0.0.0.0', '169.254.0.1', '224.0.0.1', 'x'] }),
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      'spec.externalIPs[2]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
      'spec.externalIPs[4]: Invalid value: "x": must be a valid IP address,',
    ],
    [
      'an unknown internal policy',
      withSpec({ internalTrafficPolicy: 'x' }),
      'spec.internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
    ],
    [
      'an external policy of an internal service',
      withSpec({ externalTrafficPolicy: 'Local' }),
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      'an unknown external policy',
      withSpec({ type: 'NodePort', externalTrafficPolicy: 'x' }),
      'spec.externalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
    ],
    [
      'an unknown distribution',
      withSpec({ trafficDistribution: 'x' }),
      'spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
    [
      'a health check without need',
      withSpec({ healthCheckNodePort: 30_000 }),
      "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      'a health check that is missing',
      balancer({ externalTrafficPolicy: 'Local' }),
      'spec.healthCheckNodePort: Required value',
    ],
    [
      'annotations that differ',
      {
        metadata: {
          annotations: {
            'service.kubernetes.io/topology-mode': 'a',
            'service.kubernetes.io/topology-aware-hints': 'b',
          },
        },
      },
      'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "a": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
    ],
  ]);
});

describe('external names', () => {
  testCreation(externalName, [
    ['the least', {}],
    ['none', withSpec({ externalName: null }), 'spec.externalName: Required value'],
    ['with a dot', withSpec({ externalName: 'a.b.' })],
    [
      'a bad one',
      withSpec({ externalName: 'A' }),
      `spec.externalName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'addresses',
      withSpec({ clusterIP: '10.0.0.1' }),
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
    ],
    [
      'families',
      withSpec({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
      'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
      'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
    ],
  ]);
});

describe('load balancers', () => {
  testCreation(service, [
    ['the least', balancer()],
    ['a class', balancer({ loadBalancerClass: 'a.b/c' })],
    [
      'a bad class',
      balancer({ loadBalancerClass: 'a b' }),
      `spec.loadBalancerClass: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a class of another type',
      withSpec({ loadBalancerClass: 'a.b/c' }),
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      'node ports of another type',
      withSpec({ allocateLoadBalancerNodePorts: true }),
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    ['ranges', balancer({ loadBalancerSourceRanges: ['10.0.0.0/8', ' 10.0.0.0/16 '] })],
    [
      'ranges of another type',
      withSpec({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      'a range that is none',
      balancer({ loadBalancerSourceRanges: ['x'] }),
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value,',
    ],
    [
      'a range in an annotation',
      { ...balancer(), metadata: { annotations: { [RANGES]: '10.0.0.0/8,x' } } },
      'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value,',
    ],
  ]);
});

describe('changes of services', () => {
  testUpdate(
    service,
    [
      ['other ports', withPort({ port: 81 })],
      [
        'another address',
        withSpec({ clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] }),
        'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
      ],
      [
        'another family',
        withSpec({ ipFamilies: ['IPv6'] }),
        'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
        'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
      ],
      [
        'another address and no balance',
        withSpec({ clusterIP: 'None', clusterIPs: ['None'] }),
        'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
      ],
      ['only a name', external()],
    ],
    withSpec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
  );
});

describe('changes of load balancers', () => {
  testUpdate(
    service,
    [
      [
        'another class',
        withSpec({ loadBalancerClass: 'a/c' }),
        'spec.loadBalancerClass: Invalid value: "a/c": may not change once set',
      ],
      [
        'another health check',
        withSpec({ healthCheckNodePort: 30_001 }),
        'spec.healthCheckNodePort: Forbidden: field is immutable',
      ],
      ['another type', withSpec({ type: 'ClusterIP' })],
    ],
    balancer({ loadBalancerClass: 'a/b', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_000 }),
  );
});

describe('status of services', () => {
  testStatusUpdate(service, [
    [
      'an address of no balancer',
      { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } },
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ],
  ]);
});

describe('status of load balancers', () => {
  testStatusUpdate(
    service,
    [
      ['an address', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'VIP' }] } } }],
      [
        'a bad address',
        { status: { loadBalancer: { ingress: [{ ip: 'x', ipMode: 'VIP' }] } } },
        'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address,',
      ],
      ['no mode', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }],
      [
        'an unknown mode',
        { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'x' }] } } },
        'status.loadBalancer.ingress[0].ipMode: Unsupported value: "x": supported values: "Proxy", "VIP"',
      ],
      [
        'a mode of no address',
        { status: { loadBalancer: { ingress: [{ hostname: 'a', ipMode: 'VIP' }] } } },
        'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
      ],
      [
        'an address as host',
        { status: { loadBalancer: { ingress: [{ hostname: '1.2.3.4' }] } } },
        'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
      ],
      [
        'a bad host',
        { status: { loadBalancer: { ingress: [{ hostname: 'A' }] } } },
        `status.loadBalancer.ingress[0].hostname: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
      ],
    ],
    balancer(),
  );
});

describe('warnings about services', () => {
  testWarnings(service, [
    ['none', {}],
    [
      'hints',
      { metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } } },
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ],
    ['an address of a balancer', balancer({ loadBalancerIP: '1.2.3.4' })],
    [
      'an external address',
      withSpec({ externalIPs: ['1.2.3.4'] }),
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ],
    [
      'affinity without address',
      withSpec({ clusterIP: 'None', sessionAffinity: 'ClientIP' }),
      'spec.SessionAffinity is ignored for headless services',
    ],
    [
      'the same port for two protocols',
      withSpec({
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1, protocol: 'UDP' },
        ],
      }),
    ],
  ]);
});

describe('endpoints', () => {
  testCreation(endpoint, [
    ['the least', {}],
    [
      'no addresses',
      { subsets: [{ ports: [{ port: 1 }] }] },
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
    ],
    [
      'an address that is none',
      withAddress({ ip: 'x' }),
      'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address,',
      'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
    ],
    [
      'an address of the node itself',
      withAddress({ ip: '127.0.0.1' }),
      'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      'a bad host',
      withAddress({ ip: '10.0.0.1', hostname: 'A' }),
      `subsets[0].addresses[0].hostname: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad node',
      withAddress({ ip: '10.0.0.1', nodeName: 'A' }),
      `subsets[0].addresses[0].nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad name of a port',
      { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'A', port: 1 }] }] },
      `subsets[0].ports[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    [
      'ports without names',
      { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1 }, { port: 2 }] }] },
      'subsets[0].ports[0].name: Required value',
      'subsets[0].ports[1].name: Required value',
    ],
    [
      'a port of zero',
      { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 0 }] }] },
      'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'an unknown protocol',
      { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1, protocol: 'x' }] }] },
      'subsets[0].ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
    ],
  ]);
});
