/** What happens to packets: the rules in a kernel, with a node, pods and a client in network namespaces. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { silentLogger } from '@kts/base';

import type { NodeTraffic } from '../node-traffic.ts';
import type { ProxyBackend } from '../proxy-backend.ts';
import type { Backend, ServiceRoute } from '../service-routes.ts';
import { ADDRESSES, PacketLab, POD_PORT, type Answer } from '../testing/packet-lab.ts';
import { createNftablesBackend } from './nftables-backend.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const CLUSTER_IP = '10.96.0.5';
const BALANCER = '203.0.113.9';
const EXTERNAL = '203.0.113.7';
const NODE_PORT = 30_080;
const TRAFFIC: NodeTraffic = {
  fromPods: { by: 'address', ranges: ['10.244.0.0/16'] },
  nodePortRanges: [],
  serviceRanges: [],
};
const POD1 = { ip: ADDRESSES.pod1, port: POD_PORT };
const POD2 = { ip: ADDRESSES.pod2, port: POD_PORT };

function route(fields: Partial<ServiceRoute> = {}): ServiceRoute {
  return {
    id: 'default/web:/tcp',
    namespace: 'default',
    name: 'web',
    portName: '',
    protocol: 'TCP',
    clusterIP: CLUSTER_IP,
    port: 80,
    nodePort: NODE_PORT,
    externalIPs: [EXTERNAL],
    loadBalancerIPs: [BALANCER],
    sourceRanges: [],
    clusterBackends: [POD1],
    externalBackends: [POD1],
    insideBackends: [POD1],
    servingBackends: [POD1],
    keepsClientAddress: false,
    hasAnyBackend: true,
    affinitySeconds: 0,
    ...fields,
  };
}

describe('packets to a Service', { skip: isRoot ? false : 'needs root on Linux' }, () => {
  const lab = new PacketLab(`kts-packet-${process.pid}`);
  let backend: ProxyBackend;
  before(async () => {
    await lab.start();
    backend = createNftablesBackend({ family: 'IPv4' }, { networkNamespace: lab.path('node'), log: silentLogger });
  });
  after(() => lab.stop());
  const apply = (routes: readonly ServiceRoute[], traffic: Partial<NodeTraffic> = {}): Promise<void> =>
    backend.apply(routes, { ...TRAFFIC, ...traffic });

  const podOf = (answer: Answer): string => (typeof answer === 'string' ? answer : answer.pod);

  it('reach a pod by every address, with the address of the client or of the node', async () => {
    await apply([route()]);
    const rows: readonly (readonly [Parameters<PacketLab['ask']>, Answer])[] = [
      [['pod2', CLUSTER_IP, 80], { pod: 'pod1', client: ADDRESSES.pod2 }],
      [['client', CLUSTER_IP, 80], { pod: 'pod1', client: '10.244.0.1' }],
      [['node', CLUSTER_IP, 80], { pod: 'pod1', client: '10.244.0.1' }],
      [['client', ADDRESSES.node, NODE_PORT], { pod: 'pod1', client: '10.244.0.1' }],
      [['client', EXTERNAL, 80], { pod: 'pod1', client: '10.244.0.1' }],
      [['client', BALANCER, 80], { pod: 'pod1', client: '10.244.0.1' }],
      [['pod1', CLUSTER_IP, 80], { pod: 'pod1', client: '10.244.0.1' }],
    ];
    for (const [question, expected] of rows) {
      assert.deepEqual(await lab.ask(...question), expected, question.join(' '));
    }
  });

  it('reach all of its pods in turn', async () => {
    await apply([route({ clusterBackends: [POD1, POD2] })]);
    const seen = new Set<string>();
    for (let tries = 0; tries < 60 && seen.size < 2; tries++) {
      seen.add(podOf(await lab.ask('client', CLUSTER_IP, 80)));
    }
    assert.deepEqual([...seen].toSorted(), ['pod1', 'pod2']);
  });

  it('are refused at a port that the Service does not have', async () => {
    await apply([route()]);
    assert.equal(await lab.ask('pod2', CLUSTER_IP, 81), 'refused');
  });

  it('are refused without an endpoint anywhere', async () => {
    const nobody = { clusterBackends: [], externalBackends: [], insideBackends: [], hasAnyBackend: false };
    await apply([route(nobody)]);
    assert.equal(await lab.ask('pod2', CLUSTER_IP, 80), 'refused');
    assert.equal(await lab.ask('client', ADDRESSES.node, NODE_PORT), 'refused');
    assert.equal(await lab.ask('client', BALANCER, 80), 'refused');
  });

  it('of internal policy Local are dropped without an endpoint on the node', async () => {
    await apply([route({ clusterBackends: [] })]);
    assert.equal(await lab.ask('pod2', CLUSTER_IP, 80), 'no answer');
    assert.equal(podOf(await lab.ask('client', ADDRESSES.node, NODE_PORT)), 'pod1');
  });

  it('of external policy Local keep the address of the client', async () => {
    await apply([route({ keepsClientAddress: true })]);
    const expected = { pod: 'pod1', client: ADDRESSES.client };
    assert.deepEqual(await lab.ask('client', ADDRESSES.node, NODE_PORT), expected);
    assert.deepEqual(await lab.ask('client', BALANCER, 80), expected);
  });

  it('of external policy Local without an endpoint here are dropped from outside, but not from inside', async () => {
    const local = { keepsClientAddress: true, externalBackends: [], insideBackends: [POD2] };
    await apply([route(local)]);
    assert.equal(await lab.ask('client', ADDRESSES.node, NODE_PORT), 'no answer');
    assert.equal(await lab.ask('client', BALANCER, 80), 'no answer');
    assert.equal(podOf(await lab.ask('pod1', BALANCER, 80)), 'pod2');
    assert.equal(podOf(await lab.ask('node', BALANCER, 80)), 'pod2');
    assert.equal(podOf(await lab.ask('node', ADDRESSES.node, NODE_PORT)), 'pod2');
  });

  it('to a load balancer come from its source ranges only; node ports know no ranges', async () => {
    await apply([route({ sourceRanges: ['198.51.100.0/24'] })]);
    assert.equal(await lab.ask('client', BALANCER, 80), 'no answer');
    assert.equal(podOf(await lab.ask('client', ADDRESSES.node, NODE_PORT)), 'pod1');
    await apply([route({ sourceRanges: ['198.51.100.0/24', `${ADDRESSES.client}/32`] })]);
    assert.equal(podOf(await lab.ask('client', BALANCER, 80)), 'pod1');
  });

  it('with affinity go where they went before, until that pod is gone', async () => {
    const both = { clusterBackends: [POD1, POD2], affinitySeconds: 60 };
    await apply([route(both)]);
    const first = podOf(await lab.ask('client', CLUSTER_IP, 80));
    for (let tries = 0; tries < 10; tries++) assert.equal(podOf(await lab.ask('client', CLUSTER_IP, 80)), first);
    const other = first === 'pod1' ? POD2 : POD1;
    await apply([route({ ...both, clusterBackends: [other] })]);
    assert.notEqual(podOf(await lab.ask('client', CLUSTER_IP, 80)), first);
    await apply([route({ clusterBackends: [POD1, POD2] })]);
    const seen = new Set<string>();
    for (let tries = 0; tries < 60 && seen.size < 2; tries++) {
      seen.add(podOf(await lab.ask('client', CLUSTER_IP, 80)));
    }
    assert.equal(seen.size, 2, 'affinity is off again');
  });

  it('over UDP leave a pod that is gone', async () => {
    const udp = { id: 'default/dns:/udp', name: 'dns', protocol: 'UDP', clusterIP: '10.96.0.10', port: 53 } as const;
    const to = (pod: Backend): ServiceRoute =>
      route({
        ...udp,
        nodePort: 0,
        externalIPs: [],
        loadBalancerIPs: [],
        clusterBackends: [pod],
        externalBackends: [pod],
        insideBackends: [pod],
        servingBackends: [pod],
      });
    await apply([to(POD1)]);
    const flow = await lab.datagrams('client');
    assert.equal(podOf(await flow.ask('10.96.0.10', 53)), 'pod1');
    await apply([to(POD2)]);
    assert.equal(podOf(await flow.ask('10.96.0.10', 53)), 'pod2');
    flow.close();
  });

  it('to TCP and UDP of one number are different Services', async () => {
    const udp = route({
      id: 'default/web:udp/udp',
      portName: 'udp',
      protocol: 'UDP',
      clusterBackends: [POD2],
      servingBackends: [POD2],
    });
    await apply([route(), udp]);
    const flow = await lab.datagrams('client');
    assert.equal(podOf(await lab.ask('client', CLUSTER_IP, 80)), 'pod1');
    assert.equal(podOf(await flow.ask(CLUSTER_IP, 80)), 'pod2');
    await apply([route()]);
    assert.equal(podOf(await flow.ask(CLUSTER_IP, 80)), 'no answer');
    flow.close();
  });

  it('reach node ports only on the addresses that are meant for them', async () => {
    const ask = async (address: string): Promise<string> => podOf(await lab.ask('client', address, NODE_PORT));
    await apply([route()], { nodePortRanges: [ADDRESSES.node] });
    assert.deepEqual([await ask(ADDRESSES.node), await ask('10.244.0.1')], ['pod1', 'refused']);
    await apply([route()], { nodePortRanges: ['10.244.0.0/16', '198.51.100.0/24'] });
    assert.deepEqual([await ask(ADDRESSES.node), await ask('10.244.0.1')], ['refused', 'pod1']);
  });

  it('end on the node if the address is of Services but of none that is there', async () => {
    const ask = (address: string): Promise<Answer> => lab.ask('node', address, 80);
    await lab.listen('client', '10.96.0.66');
    await apply([route()]);
    assert.equal(podOf(await ask('10.96.0.66')), 'client');
    await apply([route()], { serviceRanges: ['10.96.0.0/16', '10.96.0.0/24'] });
    assert.deepEqual([await ask('10.96.0.66'), podOf(await ask(CLUSTER_IP))], ['no answer', 'pod1']);
  });

  it('are taken for those of pods by the interface they come from', async () => {
    const client = async (): Promise<Answer> => lab.ask('pod2', CLUSTER_IP, 80);
    await apply([route()], { fromPods: { by: 'interface', name: 'pod*' } });
    assert.deepEqual(await client(), { pod: 'pod1', client: ADDRESSES.pod2 });
    await apply([route()], { fromPods: { by: 'interface', name: 'pod1' } });
    assert.deepEqual(await client(), { pod: 'pod1', client: '10.244.0.1' });
  });
});
