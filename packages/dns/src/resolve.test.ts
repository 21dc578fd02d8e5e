import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Service, ServiceSpec } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import { addressOfReverseName, resolve, type ClusterRecords, type Resolution } from './resolve.ts';

const meta = (name: string, labels: Record<string, string> = {}): Service['metadata'] => ({
  name,
  namespace: 'default',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels,
});
const service = (name: string, spec: ServiceSpec): Service => ({ metadata: meta(name), spec });

const services = [
  service('web', {
    clusterIP: '10.96.0.5',
    clusterIPs: ['10.96.0.5', 'fd00::5'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  }),
  service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }),
  service('empty', { clusterIP: 'None', clusterIPs: ['None'] }),
  service('out', { type: 'ExternalName', externalName: 'example.com' }),
];
const slices: readonly EndpointSlice[] = [
  {
    metadata: meta('db-1', { 'kubernetes.io/service-name': 'db' }),
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.244.0.7'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.0.8'], conditions: { ready: true } },
      { addresses: ['10.244.0.9'], hostname: 'db-2', conditions: { ready: false } },
    ],
  },
];
const records: ClusterRecords = {
  service: (namespace, name) => services.find((each) => namespace === 'default' && each.metadata.name === name),
  slices: (_, name) => slices.filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name),
  hasNamespace: (name) => name === 'default',
  serviceByIP: (ip) => services.find((each) => each.spec.clusterIPs?.includes(ip)),
  slicesByIP: (ip) => slices.filter((slice) => slice.endpoints?.some((each) => each.addresses.includes(ip))),
};

const ask = (name: string, type = 'A'): Resolution =>
  resolve({ name, type }, records, { zone: 'cluster.local', ttl: 5 });

/** `NXDOMAIN`, `FORWARD`, or the answers' data. */
function text(resolution: Resolution): string {
  if (resolution.outcome !== 'answers') return resolution.outcome.toUpperCase();
  return resolution.answers
    .map((answer) => {
      if (answer.type === 'SRV') return `${answer.data.weight} ${answer.data.port} ${answer.data.target}`;
      return 'data' in answer && typeof answer.data === 'string' ? answer.data : JSON.stringify(answer);
    })
    .join(', ');
}

describe('resolve', () => {
  const rows: [question: string, type: string, expected: string][] = [
    ['web.default.svc.cluster.local', 'A', '10.96.0.5'],
    ['web.default.svc.cluster.local', 'AAAA', 'fd00::5'],
    ['web.default.svc.cluster.local', 'MX', ''],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', '100 80 web.default.svc.cluster.local'],
    ['_http._udp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['db.default.svc.cluster.local', 'A', '10.244.0.7, 10.244.0.8'],
    ['db-0.db.default.svc.cluster.local', 'A', '10.244.0.7'],
    ['10-244-0-8.db.default.svc.cluster.local', 'A', '10.244.0.8'],
    ['db-2.db.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    [
      '_sql._tcp.db.default.svc.cluster.local',
      'SRV',
      '50 5432 db-0.db.default.svc.cluster.local, 50 5432 10-244-0-8.db.default.svc.cluster.local',
    ],
    ['empty.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['out.default.svc.cluster.local', 'A', 'example.com'],
    ['none.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web.other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['default.svc.cluster.local', 'A', ''],
    ['other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['svc.cluster.local', 'A', ''],
    ['cluster.local', 'A', ''],
    ['10-244-0-7.default.pod.cluster.local', 'A', '10.244.0.7'],
    ['fd00--7.default.pod.cluster.local', 'AAAA', 'fd00::7'],
    ['10-244-0-7.other.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['not-an-address.default.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['dns-version.cluster.local', 'TXT', '1.1.0'],
    ['5.0.96.10.in-addr.arpa', 'PTR', 'web.default.svc.cluster.local'],
    ['7.0.244.10.in-addr.arpa', 'PTR', 'db-0.db.default.svc.cluster.local'],
    ['9.9.9.9.in-addr.arpa', 'PTR', 'FORWARD'],
    ['example.com', 'A', 'FORWARD'],
    ['web.default.svc.cluster.local.example.com', 'A', 'FORWARD'],
    ['notcluster.local', 'A', 'FORWARD'],
  ];
  for (const [name, type, expected] of rows) {
    it(`${type} ${name}`, () => assert.equal(text(ask(name, type)), expected));
  }

  it('service records come with the addresses of their targets', () => {
    const resolution = ask('_sql._tcp.db.default.svc.cluster.local', 'SRV');
    assert.deepEqual(resolution.outcome === 'answers' && resolution.additionals.map((record) => record.name), [
      'db-0.db.default.svc.cluster.local',
      '10-244-0-8.db.default.svc.cluster.local',
    ]);
  });
});

describe('addressOfReverseName', () => {
  it('reads both families', () => {
    assert.equal(addressOfReverseName('1.0.0.127.in-addr.arpa'), '127.0.0.1');
    const v6 = `${'5.0.0.0.'.padEnd(2 * 28, '0.')}0.0.d.f.ip6.arpa`;
    assert.equal(addressOfReverseName(v6), 'fd00::5');
    assert.equal(addressOfReverseName('1.0.0.in-addr.arpa'), undefined);
  });
});
