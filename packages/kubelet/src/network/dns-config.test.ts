import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec } from '@kts/api/types/core-v1';
import { aPod } from '../testing/pods.ts';
import { parseResolvConf, podDns, type PodDns } from './dns-config.ts';

const HOST = parseResolvConf('search node.example\nnameserver 192.0.2.53\noptions ndots:2 rotate ndots:3\n');

function dnsOf(spec: Partial<PodSpec>, clusterDNS: readonly string[] = ['10.96.0.10']): PodDns {
  return podDns(aPod(spec), { clusterDNS, clusterDomain: 'cluster.local', host: HOST, hostIsIPv6: false });
}

test('a resolv.conf', () => {
  assert.deepEqual(HOST, {
    servers: ['192.0.2.53'],
    searches: ['node.example'],
    options: ['ndots:3', 'rotate'],
  });
});

describe("a pod's resolver", () => {
  test('is the cluster’s', () => {
    const { config } = dnsOf({ dnsPolicy: 'ClusterFirst' });
    assert.deepEqual(config.servers, ['10.96.0.10']);
    assert.deepEqual(config.searches, [
      'default.svc.cluster.local',
      'svc.cluster.local',
      'cluster.local',
      'node.example',
    ]);
    assert.deepEqual(config.options, ['ndots:5']);
  });

  test('is the node’s on the node’s network', () => {
    assert.deepEqual(dnsOf({ dnsPolicy: 'ClusterFirst', hostNetwork: true }).config.servers, ['192.0.2.53']);
    const both: Partial<PodSpec> = { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true };
    assert.deepEqual(dnsOf(both).config.servers, ['10.96.0.10']);
  });

  test('is the node’s if the kubelet knows no other', () => {
    const dns = dnsOf({ dnsPolicy: 'ClusterFirst' }, []);
    assert.equal(dns.missingClusterDNS, true);
    assert.deepEqual(dns.config.servers, ['192.0.2.53']);
  });

  test('has what the pod adds', () => {
    const { config } = dnsOf({
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.1'], searches: ['a.example'], options: [{ name: 'ndots', value: '1' }] },
    });
    assert.deepEqual(config, { servers: ['192.0.2.1'], searches: ['a.example'], options: ['ndots:1'] });
  });

  test('has at most three servers', () => {
    const nameservers = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
    const { config, warnings } = dnsOf({ dnsPolicy: 'None', dnsConfig: { nameservers } });
    assert.equal(config.servers?.length, 3);
    assert.match(warnings[0] ?? '', /^Nameserver limits were exceeded/);
  });
});
