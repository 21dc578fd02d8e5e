import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Service, ServiceSpec } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointSlice } from '@kts/api/types/discovery-v1';

import { computeServiceRoutes, type ProxyNode, type ServiceRoute } from './service-routes.ts';

const meta = (name: string): Service['metadata'] => ({
  name,
  namespace: 'default',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

function service(spec: Partial<ServiceSpec>, labels: Record<string, string> = {}): Service {
  return {
    metadata: { ...meta('web'), labels },
    spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], type: 'ClusterIP', ports: [{ port: 80 }], ...spec },
  };
}

function slice(endpoints: readonly Endpoint[], ports: EndpointSlice['ports'] = [{ port: 8080 }]): EndpointSlice {
  return {
    metadata: { ...meta('web-abc'), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

const endpoint = (ip: string, conditions: Endpoint['conditions'] = { ready: true }, nodeName = 'other'): Endpoint => ({
  addresses: [ip],
  conditions,
  nodeName,
});

const routes = (
  object: Service,
  slices: readonly EndpointSlice[],
  node: Partial<ProxyNode> = {},
): readonly ServiceRoute[] => computeServiceRoutes([object], slices, { name: 'here', ...node }, 'IPv4');

const ips = (list: ServiceRoute['clusterBackends'] | undefined): readonly string[] => (list ?? []).map((b) => b.ip);

describe('computeServiceRoutes', () => {
  it('flows may go on to whatever serves', () => {
    const [route] = routes(service({ internalTrafficPolicy: 'Local' }), [
      slice([
        endpoint('10.1.0.1'),
        endpoint('10.1.0.2', { ready: false, serving: true, terminating: true }),
        endpoint('10.1.0.3', { ready: false, serving: false }),
        endpoint('10.1.0.4', {}),
      ]),
    ]);
    assert.deepEqual(ips(route?.servingBackends), ['10.1.0.1', '10.1.0.2', '10.1.0.4']);
  });

  it('slices for name servers only are left alone, whatever their label says', () => {
    for (const value of ['', 'true']) {
      const own = slice([endpoint('10.1.0.1')]);
      const labels = { ...own.metadata.labels, 'service.kubernetes.io/headless': value };
      const [route] = routes(service({}), [{ ...own, metadata: { ...own.metadata, labels } }]);
      assert.deepEqual(ips(route?.clusterBackends), []);
    }
  });

  it('a Service port gets the ready endpoints of its slices, by port name and protocol', () => {
    const object = service({
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    });
    const ports = [
      { name: 'dns', port: 10053, protocol: 'UDP' as const },
      { name: 'dns-tcp', port: 10054, protocol: 'TCP' as const },
    ];
    const found = routes(object, [slice([endpoint('10.1.0.1'), endpoint('10.1.0.2', { ready: false })], ports)]);
    assert.deepEqual(
      found.map((route) => [route.id, route.port, route.clusterBackends]),
      [
        ['default/web:dns-tcp/tcp', 53, [{ ip: '10.1.0.1', port: 10054 }]],
        ['default/web:dns/udp', 53, [{ ip: '10.1.0.1', port: 10053 }]],
      ],
    );
  });

  const leftAlone: [string, Service][] = [
    ['headless', service({ clusterIP: 'None', clusterIPs: ['None'] })],
    ['ExternalName', service({ type: 'ExternalName', clusterIP: '' })],
    ['not yet allocated', service({ clusterIP: '', clusterIPs: [] })],
    ['another proxy', service({}, { 'service.kubernetes.io/service-proxy-name': 'mine' })],
    ['another family', service({ clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] })],
  ];
  for (const [name, object] of leftAlone) {
    it(`leaves alone: ${name}`, () => assert.deepEqual(routes(object, [slice([endpoint('10.1.0.1')])]), []));
  }

  it('an unset ready condition counts as ready', () => {
    assert.deepEqual(ips(routes(service({}), [slice([endpoint('10.1.0.1', {})])])[0]?.clusterBackends), ['10.1.0.1']);
  });

  it('serving endpoints that terminate are used only when nothing is ready', () => {
    const terminating = endpoint('10.1.0.9', { ready: false, serving: true, terminating: true });
    assert.deepEqual(ips(routes(service({}), [slice([terminating])])[0]?.clusterBackends), ['10.1.0.9']);
    const both = slice([terminating, endpoint('10.1.0.1')]);
    assert.deepEqual(ips(routes(service({}), [both])[0]?.clusterBackends), ['10.1.0.1']);
  });

  it('internalTrafficPolicy Local keeps to endpoints of this node', () => {
    const object = service({ internalTrafficPolicy: 'Local' });
    const [route] = routes(object, [slice([endpoint('10.1.0.1'), endpoint('10.1.0.2', {}, 'here')])]);
    assert.deepEqual(ips(route?.clusterBackends), ['10.1.0.2']);
  });

  it('externalTrafficPolicy Local keeps the client address, and drops where no endpoint is local', () => {
    const object = service({
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [{ port: 80, nodePort: 30080 }],
    });
    const [route] = routes(object, [slice([endpoint('10.1.0.1')])]);
    assert.equal(route?.keepsClientAddress, true);
    assert.deepEqual(route?.externalBackends, []);
    assert.equal(route?.hasAnyBackend, true);
    assert.deepEqual(ips(route?.clusterBackends), ['10.1.0.1']);
  });

  it('from this node and its pods, outside addresses lead to all endpoints whatever the policy', () => {
    const object = service({
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      ports: [{ port: 80, nodePort: 30080 }],
    });
    const [route] = routes(object, [slice([endpoint('10.1.0.1')])]);
    assert.deepEqual(ips(route?.clusterBackends), []);
    assert.deepEqual(ips(route?.insideBackends), ['10.1.0.1']);
  });

  const hinted = (ip: string, hints: Endpoint['hints'], conditions?: Endpoint['conditions']): Endpoint => ({
    ...endpoint(ip, conditions),
    ...(hints ? { hints } : {}),
  });
  const zone = (name: string) => ({ forZones: [{ name }] });
  const zoneAndNode = (name: string, node: string) => ({ ...zone(name), forNodes: [{ name: node }] });
  const near: [string, Endpoint[], Partial<ProxyNode>, string[]][] = [
    ['the zone of the node', [hinted('a', zone('z1')), hinted('b', zone('z2'))], { zone: 'z1' }, ['a']],
    ['no endpoint for the zone: all', [hinted('a', zone('z1')), hinted('b', zone('z2'))], { zone: 'z3' }, ['a', 'b']],
    ['a node without a zone: all', [hinted('a', zone('z1')), hinted('b', zone('z2'))], {}, ['a', 'b']],
    ['one endpoint without hints: all', [hinted('a', zone('z1')), hinted('b', undefined)], { zone: 'z1' }, ['a', 'b']],
    [
      'one that is not ready does not count',
      [hinted('a', zone('z1')), hinted('b', undefined, { ready: false })],
      { zone: 'z1' },
      ['a'],
    ],
    [
      'the node before its zone',
      [hinted('a', zoneAndNode('z1', 'here')), hinted('b', zoneAndNode('z1', 'there'))],
      { zone: 'z1' },
      ['a'],
    ],
    [
      'no endpoint for the node: its zone',
      [hinted('a', zoneAndNode('z1', 'there')), hinted('b', zoneAndNode('z2', 'there'))],
      { zone: 'z1' },
      ['a'],
    ],
  ];
  for (const [name, endpoints, node, expected] of near) {
    it(`topology: ${name}`, () => {
      const [route] = routes(service({}), [slice(endpoints)], node);
      assert.deepEqual(ips(route?.clusterBackends), expected);
    });
  }

  it('topology does not move connections of policy Local to other nodes', () => {
    const object = service({ internalTrafficPolicy: 'Local' });
    const local = { ...hinted('a', zone('z1')), nodeName: 'here' };
    const [route] = routes(object, [slice([local, hinted('b', zone('z2'))])], { zone: 'z2' });
    assert.deepEqual(ips(route?.clusterBackends), ['a']);
  });

  const ranges: [string, string[], string[], string[]][] = [
    ['are those of the family', ['10.0.0.0/8', 'fd00::/8'], [], ['10.0.0.0/8']],
    ['are without spaces', [' 10.0.0.0/8 '], [], ['10.0.0.0/8']],
    ['with this node in them have the balancer in them', ['10.0.0.0/8'], ['10.1.2.3'], ['10.0.0.0/8', '203.0.113.9']],
    ['without this node do not', ['10.0.0.0/8'], ['192.0.2.1'], ['10.0.0.0/8']],
  ];
  for (const [name, given, addresses, expected] of ranges) {
    it(`source ranges ${name}`, () => {
      const object = {
        ...service({ type: 'LoadBalancer', loadBalancerSourceRanges: given }),
        status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
      };
      assert.deepEqual(routes(object, [], { addresses })[0]?.sourceRanges, expected);
    });
  }

  it('source ranges say nothing without a load balancer', () => {
    const object = service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] });
    assert.deepEqual(routes(object, [])[0]?.sourceRanges, []);
  });

  it('the same endpoint in two slices counts once', () => {
    const [route] = routes(service({}), [slice([endpoint('10.1.0.1')]), slice([endpoint('10.1.0.1')])]);
    assert.equal(route?.clusterBackends.length, 1);
  });

  it('affinity has three hours unless the Service says otherwise', () => {
    const seconds = (spec: Partial<ServiceSpec>): number | undefined => routes(service(spec), [])[0]?.affinitySeconds;
    assert.equal(seconds({ sessionAffinity: 'ClientIP' }), 10_800);
    assert.equal(
      seconds({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }),
      60,
    );
    assert.equal(seconds({}), 0);
  });
});
