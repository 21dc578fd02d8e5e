import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec } from '@kts/api/types/core-v1';
import { aPod } from '../testing/pods.ts';
import { hostNetworkHostsFile, podHostsFile } from './hosts-file.ts';
import { kernelHostname, podHostname } from './pod-hostname.ts';

const LONG = 'a'.repeat(70);
const named = (spec: Partial<PodSpec>, name = 'web') => podHostname(aPod(spec, { name }), 'cluster.local');

describe('the name of a pod', () => {
  const table: readonly (readonly [string, Partial<PodSpec>, string, string])[] = [
    ['its own', {}, 'web', ''],
    ['its hostname', { hostname: 'db-0' }, 'db-0', ''],
    ['with a domain', { hostname: 'db-0', subdomain: 'db' }, 'db-0', 'db.default.svc.cluster.local'],
    ['with a domain alone', { subdomain: 'db' }, 'web', 'db.default.svc.cluster.local'],
    ['overridden', { hostnameOverride: 'a.b.example', hostname: 'x', subdomain: 'y' }, 'a.b.example', ''],
  ];
  for (const [name, spec, hostname, domain] of table) {
    test(name, () => assert.deepEqual(named(spec), { hostname, domain }));
  }

  test('is cut where the kernel would not take it', () => {
    assert.equal(named({}, LONG).hostname, 'a'.repeat(63));
    assert.equal(named({}, `${'a'.repeat(61)}-.b`).hostname, 'a'.repeat(61));
  });

  const refused: readonly (readonly [Partial<PodSpec>, RegExp])[] = [
    [{ hostname: 'A' }, /^pod Hostname "A" is not a valid DNS label: a lowercase RFC 1123 label/],
    [{ subdomain: 'a.b' }, /^pod Subdomain "a\.b" is not a valid DNS label: /],
    [{ hostnameOverride: '-' }, /^pod HostnameOverride "-" is not a valid DNS subdomain: /],
  ];
  for (const [spec, message] of refused) {
    test(`refused: ${JSON.stringify(spec)}`, () =>
      assert.throws(() => named(spec), { name: 'HostnameError', message }));
  }

  test('is the full one for the kernel only if the pod asks for it', () => {
    const name = { hostname: 'db-0', domain: 'db.default.svc.cluster.local' };
    assert.equal(kernelHostname(name, false), 'db-0');
    assert.equal(kernelHostname(name, true), 'db-0.db.default.svc.cluster.local');
    assert.equal(kernelHostname({ hostname: 'db-0', domain: '' }, true), 'db-0');
    const long = { hostname: 'a'.repeat(40), domain: 'b'.repeat(24) };
    assert.throws(() => kernelHostname(long, true), {
      message: /is too long \(64 characters is the max, 65 characters requested\)$/,
    });
  });
});

describe('the hosts file', () => {
  const ends = (text: string, count: number): readonly string[] => text.split('\n').slice(-1 - count, -1);

  test('has the pod by its name, for each address', () => {
    const text = podHostsFile(['10.0.0.1', 'fd00::1'], { hostname: 'db-0', domain: 'db.svc' });
    assert.deepEqual(ends(text, 2), ['10.0.0.1\tdb-0.db.svc\tdb-0', 'fd00::1\tdb-0.db.svc\tdb-0']);
    assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    assert.deepEqual(ends(podHostsFile(['10.0.0.1'], { hostname: 'web', domain: '' }), 1), ['10.0.0.1\tweb']);
  });

  test('has the names that the pod adds', () => {
    const aliases = [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }, { ip: '1.2.3.5' }];
    const expected = ['', '# Entries added by HostAliases.', '1.2.3.4\ta\tb', '1.2.3.5\t'];
    assert.deepEqual(ends(podHostsFile([], { hostname: 'web', domain: '' }, aliases), 4), expected);
    const shared = hostNetworkHostsFile('127.0.0.1\tnode\n', aliases);
    assert.equal(shared.startsWith('# Kubernetes-managed hosts file (host network).\n127.0.0.1\tnode\n\n'), true);
    assert.deepEqual(ends(shared, 4), expected);
  });
});
