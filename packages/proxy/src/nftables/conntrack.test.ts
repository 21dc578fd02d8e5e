import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Backend, ServiceRoute } from '../service-routes.ts';
import { flowTargets, goneTargets, parseFlows, planStaleFlows, sameTargets } from './conntrack.ts';

const backend = (text: string): Backend => ({ ip: text.split(':')[0]!, port: Number(text.split(':')[1]) });

function route(serving: readonly string[], fields: Partial<ServiceRoute> = {}): ServiceRoute {
  return {
    id: 'default/dns:/udp',
    namespace: 'default',
    name: 'dns',
    portName: '',
    protocol: 'UDP',
    clusterIP: '10.96.0.10',
    port: 53,
    nodePort: 30_053,
    externalIPs: ['192.0.2.1'],
    loadBalancerIPs: ['192.0.2.2'],
    sourceRanges: [],
    clusterBackends: [],
    externalBackends: [],
    insideBackends: [],
    servingBackends: serving.map(backend),
    keepsClientAddress: false,
    hasAnyBackend: serving.length > 0,
    affinitySeconds: 0,
    ...fields,
  };
}

/** `target>backend` for each flow that is forgotten. */
function plan(routes: readonly ServiceRoute[], ...flows: readonly string[]): readonly string[] {
  const listed = flows.map((flow) => {
    const [to, from] = flow.split('>').map((side) => backend(side)) as [Backend, Backend];
    return { address: to.ip, port: to.port, backendAddress: from.ip, backendPort: from.port };
  });
  return planStaleFlows(flowTargets(routes), listed).map(
    ([, address, , port, , ip, , backendPort]) => `${address}:${port}>${ip}:${backendPort}`,
  );
}

describe('planStaleFlows', () => {
  const rows: [name: string, routes: readonly ServiceRoute[], flow: string, isStale: boolean][] = [
    ['to an endpoint that serves', [route(['10.0.0.1:53'])], '10.96.0.10:53>10.0.0.1:53', false],
    ['to an endpoint that is gone', [route(['10.0.0.1:53'])], '10.96.0.10:53>10.0.0.2:53', true],
    ['to a port that is gone', [route(['10.0.0.1:53'])], '10.96.0.10:53>10.0.0.1:54', true],
    ['that led nowhere', [route(['10.0.0.1:53'])], '10.96.0.10:53>10.96.0.10:53', true],
    ['while there is no endpoint', [route([])], '10.96.0.10:53>10.0.0.2:53', false],
    ['to another port of the address', [route(['10.0.0.1:53'])], '10.96.0.10:54>10.0.0.2:53', false],
    ['to an external address', [route(['10.0.0.1:53'])], '192.0.2.1:53>10.0.0.2:53', true],
    ['to a load balancer', [route(['10.0.0.1:53'])], '192.0.2.2:53>10.0.0.2:53', true],
    ['to a node port', [route(['10.0.0.1:53'])], '172.16.0.1:30053>10.0.0.2:53', true],
    ['of somebody else', [route(['10.0.0.1:53'])], '8.8.8.8:53>8.8.8.8:53', false],
    ['of a Service of TCP', [route(['10.0.0.1:53'], { protocol: 'TCP' })], '10.96.0.10:53>10.0.0.2:53', false],
  ];
  for (const [name, routes, flow, isStale] of rows) {
    it(`${isStale ? 'forgets' : 'keeps'} a flow ${name}`, () =>
      assert.deepEqual(plan(routes, flow, flow), isStale ? [flow] : []));
  }
});

it('reads what conntrack lists', () => {
  const text = `udp      17 28 src=10.244.1.5 dst=10.96.0.10 sport=40000 dport=53 [UNREPLIED] src=10.245.0.1 dst=10.245.0.12 sport=10053 dport=40000 mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.
`;
  assert.deepEqual(parseFlows(text), [
    { address: '10.96.0.10', port: 53, backendAddress: '10.245.0.1', backendPort: 10_053 },
  ]);
});

it('looks at flows only when endpoints have changed', () => {
  const before = flowTargets([route(['10.0.0.1:53', '10.0.0.2:53'])]);
  const rows: [readonly ServiceRoute[], boolean][] = [
    [[route(['10.0.0.2:53', '10.0.0.1:53'])], true],
    [[route(['10.0.0.1:53', '10.0.0.2:53']), route([], { clusterIP: '10.96.0.11', nodePort: 0 })], true],
    [[route(['10.0.0.1:53'])], false],
    [[route(['10.0.0.1:53', '10.0.0.3:53'])], false],
    [[], false],
  ];
  for (const [routes, expected] of rows) assert.equal(sameTargets(before, flowTargets(routes)), expected);
});

it('forgets all flows to what is no more, and only those', () => {
  const rows: [before: readonly ServiceRoute[], after: readonly ServiceRoute[], readonly string[]][] = [
    [[route(['10.0.0.1:53'])], [route([])], []],
    [[route(['10.0.0.1:53'])], [route(['10.0.0.1:53'], { nodePort: 0, externalIPs: [] })], ['192.0.2.1 53', '* 30053']],
    [[route([], { protocol: 'TCP' })], [], []],
    [[route([], { nodePort: 0, externalIPs: [], loadBalancerIPs: [] })], [], ['10.96.0.10 53']],
  ];
  for (const [before, after, expected] of rows) {
    const gone = goneTargets(before, after);
    assert.deepEqual([...gone.keys()], expected);
    assert.ok([...gone.values()].every(({ size }) => size === 0));
  }
});
