import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Node } from '@kts/api/types/core-v1';
import type { ServiceCIDR } from '@kts/api/types/networking-v1';

import { EMPTY_CONFIGURATION } from './configuration/proxy-configuration.ts';
import { computeNodeTraffic, type NodeTraffic, type TrafficConfiguration } from './node-traffic.ts';

const node: Node = {
  metadata: { name: 'here', uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { podCIDRs: ['10.244.3.0/24', 'fd00:244:3::/64'] },
  status: {
    addresses: [
      { type: 'Hostname', address: 'here' },
      { type: 'ExternalIP', address: '203.0.113.1' },
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'InternalIP', address: '10.0.0.2' },
      { type: 'ExternalIP', address: '2001:db8::1' },
    ],
  },
};

const traffic = (change: Partial<TrafficConfiguration>, family: 'IPv4' | 'IPv6' = 'IPv4', of?: Node): NodeTraffic =>
  computeNodeTraffic({ ...EMPTY_CONFIGURATION, ...change }, of, [], family);

describe('computeNodeTraffic', () => {
  it('tells packets of pods by their address or by the interface they come from', () => {
    const rows: [Partial<TrafficConfiguration>, NodeTraffic['fromPods']][] = [
      [{}, undefined],
      [{ clusterCIDR: '10.244.0.0/16,fd00::/8' }, { by: 'address', ranges: ['10.244.0.0/16'] }],
      [{ detectLocalMode: 'NodeCIDR' }, { by: 'address', ranges: ['10.244.3.0/24'] }],
      [
        { detectLocalMode: 'BridgeInterface', detectLocal: { bridgeInterface: 'cni0', interfaceNamePrefix: '' } },
        { by: 'interface', name: 'cni0' },
      ],
      [
        { detectLocalMode: 'InterfaceNamePrefix', detectLocal: { bridgeInterface: '', interfaceNamePrefix: 'veth' } },
        { by: 'interface', name: 'veth*' },
      ],
    ];
    for (const [change, expected] of rows) {
      assert.deepEqual(traffic(change, 'IPv4', node).fromPods, expected, JSON.stringify(change));
    }
    assert.equal(traffic({ detectLocalMode: 'NodeCIDR' }).fromPods, undefined);
  });

  it('finds the addresses on which node ports answer', () => {
    const rows: [Partial<TrafficConfiguration>, 'IPv4' | 'IPv6', Node | undefined, readonly string[]][] = [
      [{}, 'IPv4', node, ['10.0.0.1']],
      [{ nodePortAddresses: ['primary'] }, 'IPv6', node, ['2001:db8::1']],
      [{}, 'IPv4', undefined, []],
      [{ bindAddress: '10.0.0.2' }, 'IPv4', node, ['10.0.0.2']],
      [{ bindAddress: '0.0.0.0' }, 'IPv4', node, ['10.0.0.1']],
      [{ nodePortAddresses: ['10.0.0.0/24', 'fd00::/8'] }, 'IPv4', node, ['10.0.0.0/24']],
      [{ nodePortAddresses: ['10.0.0.0/24'] }, 'IPv6', node, []],
      [{ nodePortAddresses: ['10.0.0.0/24', '0.0.0.0/0'] }, 'IPv4', node, []],
    ];
    for (const [change, family, of, expected] of rows) {
      assert.deepEqual(traffic(change, family, of).nodePortRanges, expected, JSON.stringify(change));
    }
  });

  it('knows all ranges of Services', () => {
    const range = (name: string, ...cidrs: string[]): ServiceCIDR => ({
      metadata: { ...node.metadata, name },
      spec: { cidrs },
    });
    const ranges = [range('b', '10.97.0.0/16'), range('a', '10.96.0.0/16', 'fd00::/108'), range('c', '10.97.0.0/16')];
    const of = (family: 'IPv4' | 'IPv6') => computeNodeTraffic(EMPTY_CONFIGURATION, node, ranges, family).serviceRanges;
    assert.deepEqual([of('IPv4'), of('IPv6')], [['10.96.0.0/16', '10.97.0.0/16'], ['fd00::/108']]);
  });
});
