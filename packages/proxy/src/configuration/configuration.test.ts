import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseProxyFlags } from '../command-line.ts';
import { parseConfiguration } from './parse-configuration.ts';
import { completeConfiguration, EMPTY_CONFIGURATION, type ProxyConfiguration } from './proxy-configuration.ts';
import { validateConfiguration } from './validate-configuration.ts';

const HEAD = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
const DEFAULTS = completeConfiguration(EMPTY_CONFIGURATION);

describe('a configuration file', () => {
  it('has the defaults of what it does not say, and of what is null or empty', () => {
    const { configuration, warnings } = parseConfiguration(
      `${HEAD}bindAddress: ""\nnodePortAddresses: null\nconntrack: {maxPerCore: null, min: 0}\nipvs: {syncPeriod: 0s}\n`,
    );
    assert.deepEqual(warnings, []);
    assert.deepEqual(configuration, { ...DEFAULTS, conntrack: { ...DEFAULTS.conntrack, min: 0 } });
    assert.equal(configuration.healthzBindAddress, '0.0.0.0:10256');
    assert.equal(configuration.metricsBindAddress, '127.0.0.1:10249');
  });

  it('listens on IPv6 where the node’s address is one, and adds ports', () => {
    const rows: [string, [string, string]][] = [
      ['bindAddress: "::"', ['[::]:10256', '[::1]:10249']],
      ['healthzBindAddress: 10.0.0.1', ['10.0.0.1:10256', '127.0.0.1:10249']],
      ['metricsBindAddress: "fd00::1"', ['0.0.0.0:10256', '[fd00::1]:10249']],
      ['metricsBindAddress: "10.0.0.1:1"', ['0.0.0.0:10256', '10.0.0.1:1']],
    ];
    for (const [text, expected] of rows) {
      const { healthzBindAddress, metricsBindAddress } = parseConfiguration(HEAD + text).configuration;
      assert.deepEqual([healthzBindAddress, metricsBindAddress], expected, text);
    }
  });

  it('is told of fields that nobody knows', () => {
    const { warnings } = parseConfiguration(`${HEAD}color: red\nnftables: {speed: 3}\n`);
    assert.deepEqual(warnings, ['unknown field "color"', 'unknown field "nftables.speed"']);
  });

  it('is refused if it is something else', () => {
    const rows: [string, RegExp][] = [
      ['', /not an object/],
      ['kind: Pod\napiVersion: v1', /no kind "Pod" is registered for version "v1"/],
      [`${HEAD}mode: 3`, /mode: 3 is not a string/],
      [`${HEAD}conntrack: {min: 1.5}`, /conntrack.min: 1.5 is not an integer/],
      [`${HEAD}nodePortAddresses: [1]`, /nodePortAddresses: \[1\] is not a list of strings/],
      [`${HEAD}nftables: []`, /nftables: \[\] is not a map/],
      [`${HEAD}configSyncPeriod: soon`, /configSyncPeriod: .*soon/],
      [`${HEAD}featureGates: {A: 1}`, /featureGates: .* is not a map of booleans/],
    ];
    for (const [text, expected] of rows) assert.throws(() => parseConfiguration(text), expected, text);
  });
});

describe('validation', () => {
  it('tells of what makes no sense', () => {
    const rows: [Partial<ProxyConfiguration>, string][] = [
      [{ mode: 'nftables' }, ''],
      [{ mode: 'iptables' }, 'KubeProxyConfiguration.Mode.ProxyMode'],
      [{ bindAddress: 'here' }, 'KubeProxyConfiguration.BindAddress'],
      [{ healthzBindAddress: '1.2.3.4' }, 'KubeProxyConfiguration.HealthzBindAddress'],
      [{ healthzBindAddress: '1.2.3.4:0' }, 'KubeProxyConfiguration.HealthzBindAddress'],
      [{ metricsBindAddress: 'here:1' }, 'KubeProxyConfiguration.MetricsBindAddress'],
      [{ metricsBindAddress: '[::1]:10249' }, ''],
      [{ oomScoreAdj: -1001 }, 'KubeProxyConfiguration.KubeProxyLinuxConfiguration.OOMScoreAdj'],
      [
        { nftables: { ...DEFAULTS.nftables, masqueradeBit: 32 } },
        'KubeProxyConfiguration.KubeProxyNFTablesConfiguration.MasqueradeBit',
      ],
      [{ nftables: { ...DEFAULTS.nftables, minSyncPeriod: '1m' } }, 'KubeProxyConfiguration.SyncPeriod'],
      [{ configSyncPeriod: '-1s' }, 'KubeProxyConfiguration.ConfigSyncPeriod'],
      [
        { conntrack: { ...DEFAULTS.conntrack, tcpCloseWaitTimeout: '-1s' } },
        'KubeProxyConfiguration.KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.TCPCloseWaitTimeout',
      ],
      [{ nodePortAddresses: ['primary'] }, ''],
      [{ nodePortAddresses: ['10.0.0.0/8', 'fd00::/8'] }, ''],
      [{ nodePortAddresses: ['10.0.0.0/8', 'primary'] }, 'KubeProxyConfiguration.NodePortAddresses[1]'],
      [{ nodePortAddresses: ['10.0.0.1'] }, 'KubeProxyConfiguration.NodePortAddresses[0]'],
      [{ detectLocalMode: 'Guess' }, 'KubeProxyConfiguration.DetectLocalMode'],
      [{ detectLocalMode: 'BridgeInterface' }, 'KubeProxyConfiguration.DetectLocalConfiguration.InterfaceName'],
      [{ detectLocalMode: 'InterfaceNamePrefix' }, 'KubeProxyConfiguration.DetectLocalConfiguration.InterfacePrefix'],
      [{ clusterCIDR: '10.0.0.0/8,fd00::/8' }, ''],
      [{ clusterCIDR: '10.0.0.0/8,10.1.0.0/16' }, 'KubeProxyConfiguration.DetectLocalConfiguration.ClusterCIDRs'],
      [{ clusterCIDR: '10.0.0.0/80' }, 'KubeProxyConfiguration.DetectLocalConfiguration.ClusterCIDRs[0]'],
    ];
    for (const [change, expected] of rows) {
      const fields = validateConfiguration({ ...DEFAULTS, ...change }).map(({ field }) => field);
      assert.deepEqual(fields, expected === '' ? [] : [expected], JSON.stringify(change));
    }
  });
});

describe('flags', () => {
  it('make the same configuration', () => {
    const { configuration } = parseProxyFlags([
      '--kubeconfig=/k',
      '--nodeport-addresses=10.0.0.0/8,fd00::/8',
      '--cluster-cidr',
      '10.244.0.0/16',
      '--hostname-override= Node-1 ',
      '--masquerade-all',
      '--conntrack-udp-timeout=30s',
    ]);
    assert.deepEqual(configuration, {
      ...DEFAULTS,
      clientConnection: { ...DEFAULTS.clientConnection, kubeconfig: '/k' },
      clusterCIDR: '10.244.0.0/16',
      hostnameOverride: 'node-1',
      nodePortAddresses: ['10.0.0.0/8', 'fd00::/8'],
      nftables: { ...DEFAULTS.nftables, masqueradeAll: true },
      conntrack: { ...DEFAULTS.conntrack, udpTimeout: '30s' },
    });
  });
});
