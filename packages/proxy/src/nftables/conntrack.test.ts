import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ServiceRoute } from '../service-routes.ts';
import { planStaleFlows } from './conntrack.ts';

function route(ips: readonly string[], fields: Partial<ServiceRoute> = {}): ServiceRoute {
  const backends = ips.map((ip) => ({ ip, port: 53 }));
  return {
    id: 'default/dns:/udp',
    namespace: 'default',
    name: 'dns',
    portName: '',
    protocol: 'UDP',
    clusterIP: '10.96.0.10',
    port: 53,
    nodePort: 0,
    externalIPs: [],
    loadBalancerIPs: [],
    sourceRanges: [],
    clusterBackends: backends,
    externalBackends: backends,
    insideBackends: backends,
    keepsClientAddress: false,
    hasAnyBackend: true,
    affinitySeconds: 0,
    ...fields,
  };
}

const plan = (before: readonly ServiceRoute[], after: readonly ServiceRoute[]): readonly string[] =>
  planStaleFlows(before, after).map((filter) => filter.arguments.join(' '));

describe('planStaleFlows', () => {
  const rows: [
    name: string,
    before: readonly ServiceRoute[],
    after: readonly ServiceRoute[],
    expected: readonly string[],
  ][] = [
    ['nothing changed', [route(['a'])], [route(['a'])], []],
    ['an endpoint gone', [route(['a', 'b'])], [route(['b'])], ['-p udp --orig-dst 10.96.0.10 --reply-src a']],
    [
      'an endpoint behind other addresses gone',
      [route(['a'], { externalIPs: ['e'], loadBalancerIPs: ['l'], nodePort: 30_053 })],
      [],
      [
        '-p udp --orig-dst 10.96.0.10 --reply-src a',
        '-p udp --orig-dst e --reply-src a',
        '-p udp --orig-dst l --reply-src a',
        '-p udp --dport 30053 --reply-src a',
      ],
    ],
    ['the Service gone', [route(['a'])], [], ['-p udp --orig-dst 10.96.0.10 --reply-src a']],
    ['the first endpoint', [route([])], [route(['a'])], ['-p udp --orig-dst 10.96.0.10 --dport 53']],
    [
      'the first endpoint behind a node port',
      [],
      [route(['a'], { nodePort: 30_053 })],
      ['-p udp --orig-dst 10.96.0.10 --dport 53', '-p udp --dport 30053'],
    ],
    ['TCP closes its own connections', [route(['a'], { protocol: 'TCP' })], [], []],
  ];
  for (const [name, before, after, expected] of rows) {
    it(name, () => assert.deepEqual(plan(before, after), expected));
  }
});
