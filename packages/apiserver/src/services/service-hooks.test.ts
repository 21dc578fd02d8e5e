import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ipAddresses, serviceCIDRs, services } from '@kts/api';
import type { Service, ServiceSpec } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';
import fc from 'fast-check';

import { failureOf, startTestApiServer } from '../testing/index.ts';
import { ipToNumber, numberToIp, parseIpRange, rangeContains } from './ip-range.ts';

const key = { namespace: 'default', name: 'web' };
const service = (spec: ServiceSpec, name = 'web'): New<Service> => ({
  metadata: { ...key, name },
  spec: { ports: [{ port: 80 }], ...spec },
});

describe('services', () => {
  test('get an address, which is free again when they are gone', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(services, service({}));
    const ip = created.spec!.clusterIP!;
    assert.ok(rangeContains(parseIpRange('10.96.0.0/16'), ip));
    assert.deepEqual(created.spec?.clusterIPs, [ip]);
    const held = await server.client.get(ipAddresses, { name: ip });
    assert.equal(held.spec?.parentRef?.name, 'web');
    await server.client.delete(services, key);
    assert.equal((await server.client.list(ipAddresses)).items.length, 0);
  });

  test('may ask for an address, but not for a taken one', async () => {
    await using server = await startTestApiServer();
    await server.client.create(services, service({ clusterIP: '10.96.0.10' }));
    const error = await failureOf(server.client.create(services, service({ clusterIP: '10.96.0.10' }, 'other')));
    assert.equal(error.reason, 'Invalid');
    assert.match(error.message, /failed to allocate IP 10\.96\.0\.10: provided IP is already allocated/);
  });

  test('may be of ranges that were added, while these are ready', async () => {
    await using server = await startTestApiServer();
    const asked = service({ clusterIP: '203.0.113.10' });
    const refusal = /failed to allocate IP 203\.0\.113\.10: the provided network does not match the current range/;
    assert.match((await failureOf(server.client.create(services, asked))).message, refusal);
    const range = await server.client.create(serviceCIDRs, {
      metadata: { name: 'more' },
      spec: { cidrs: ['203.0.113.0/24'] },
    });
    const condition = (status: string) => ({
      type: 'Ready',
      status,
      reason: '',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const unready = { ...range, status: { conditions: [condition('False')] } };
    const updated = await server.client.updateStatus(serviceCIDRs, unready);
    assert.match((await failureOf(server.client.create(services, asked))).message, refusal);
    await server.client.updateStatus(serviceCIDRs, { ...updated, status: { conditions: [condition('True')] } });
    const created = await server.client.create(services, asked);
    assert.equal(created.spec?.clusterIP, '203.0.113.10');
  });

  test('without an address of their own hold none', async () => {
    await using server = await startTestApiServer();
    await server.client.create(services, service({ clusterIP: 'None' }));
    assert.equal((await server.client.list(ipAddresses)).items.length, 0);
  });

  test('get node ports, keep them through updates, and give them back', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(services, service({ type: 'NodePort' }));
    const port = created.spec!.ports![0]!.nodePort!;
    assert.ok(port >= 30_000 && port <= 32_767);
    const kept = await server.client.update(services, {
      ...created,
      spec: { ...created.spec, ports: [{ port: 80 }], selector: { a: 'b' } },
    });
    assert.equal(kept.spec?.ports?.[0]?.nodePort, port);
    const taken = service({ type: 'NodePort', ports: [{ port: 80, nodePort: port }] }, 'other');
    assert.match(
      (await failureOf(server.client.create(services, taken))).message,
      /provided port is already allocated/,
    );
    await server.client.delete(services, key);
    assert.equal((await server.client.create(services, taken)).spec?.ports?.[0]?.nodePort, port);
  });
});

test('addresses survive the way to a number and back', () => {
  fc.assert(
    fc.property(fc.ipV6(), (ip) => {
      if (ip.includes('.')) return;
      assert.equal(ipToNumber(numberToIp(ipToNumber(ip), 'IPv6')), ipToNumber(ip));
    }),
  );
  assert.equal(numberToIp(ipToNumber('10.96.0.1'), 'IPv4'), '10.96.0.1');
  assert.equal(numberToIp(ipToNumber('fd00::1:0'), 'IPv6'), 'fd00::1:0');
});
