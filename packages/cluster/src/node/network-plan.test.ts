import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { masqueradeRules, nodeHostCommands, nodeInnerCommands, planClusterNetwork, subnet } from './network-plan.ts';

const config = {
  clusterName: 'kts',
  slot: 3,
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  nodes: 2,
};

describe('planClusterNetwork', () => {
  it('gives every node its own namespace, address and pod range', () => {
    const { bridge, hostAddress, nodes } = planClusterNetwork(config);
    assert.equal(bridge, 'ktsbr3');
    assert.equal(hostAddress, '10.245.3.1');
    assert.deepEqual(
      nodes.map((node) => [node.namespace, node.address, node.podCidr, node.hostInterface]),
      [
        ['kts-kts-1', '10.245.3.11', '10.244.0.0/24', 'kts3n1'],
        ['kts-kts-2', '10.245.3.12', '10.244.1.0/24', 'kts3n2'],
      ],
    );
  });

  it('makes room for the interface of a node before it makes it', () => {
    const network = planClusterNetwork(config);
    assert.deepEqual(nodeHostCommands(network, network.nodes[0]!).slice(0, 2), [
      'link delete kts3n1',
      'link add kts3n1 type veth peer name eth0 netns kts-kts-1',
    ]);
  });

  it('routes pods of other nodes through those nodes, and has no default route', () => {
    const network = planClusterNetwork(config);
    const commands = nodeInnerCommands(network, network.nodes[0]!, config.serviceCidr);
    assert.ok(commands.includes('route add 10.244.1.0/24 via 10.245.3.12'));
    assert.ok(!commands.some((command) => command.includes('default')));
  });

  it('masquerades only what is not for another pod', () => {
    assert.match(
      masqueradeRules('10.244.0.0/16'),
      /ip saddr 10\.244\.0\.0\/16 ip daddr != 10\.244\.0\.0\/16 masquerade/,
    );
  });
});

describe('subnet', () => {
  const rows: [string, number, number, string][] = [
    ['10.244.0.0/16', 24, 0, '10.244.0.0/24'],
    ['10.244.0.0/16', 24, 255, '10.244.255.0/24'],
    ['10.0.0.0/8', 24, 256, '10.1.0.0/24'],
    ['192.168.0.0/24', 24, 0, '192.168.0.0/24'],
  ];
  for (const [cidr, bits, index, expected] of rows) {
    it(`${cidr} number ${index}`, () => assert.equal(subnet(cidr, bits, index), expected));
  }

  it('a range that is too small is refused', () => {
    assert.throws(() => subnet('10.244.0.0/23', 24, 2), /no room for 3 nodes/);
  });

  it('a malformed range is refused', () => {
    for (const cidr of ['10.244.0.0', '10.244/16', '10.244.0.300/16', 'x']) {
      assert.throws(() => subnet(cidr, 24, 0), RangeError, cidr);
    }
  });
});
