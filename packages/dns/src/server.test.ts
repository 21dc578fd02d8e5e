import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { seededRandom, silentLogger, systemClock } from '@kts/base';
import { ownNetwork } from '@kts/host-linux';
import type { ServiceSpec } from '@kts/api/types/core-v1';
import { decode, encode, TRUNCATED_RESPONSE, type Answer, type DecodedPacket, type Packet } from 'dns-packet';

import { createForwarder, nameServersOf, parseServer } from './forwarder.ts';
import type { ClusterRecords } from './resolve.ts';
import { startDnsServer } from './server.ts';

const ENDPOINTS = 80;
const ADDRESS = { name: 'example.com', type: 'A', data: '192.0.2.1' } as const;
const RCODE_NOERROR = 0;
const RCODE_NXDOMAIN = 3;

const rcodeOf = (packet: DecodedPacket): number => (packet.flags ?? 0) & 15;

const meta = { namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
const records: ClusterRecords = {
  service: (_, name) => {
    const spec = {
      many: { clusterIP: 'None', clusterIPs: ['None'] },
      out: { type: 'ExternalName', externalName: 'example.com' },
      inward: { type: 'ExternalName', externalName: 'twice.default.svc.cluster.local' },
      twice: { type: 'ExternalName', externalName: 'web.default.svc.cluster.local.' },
      web: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ports: [{ port: 80 }] },
      round: { type: 'ExternalName', externalName: 'round.default.svc.cluster.local' },
      nowhere: { type: 'ExternalName', externalName: 'none.default.svc.cluster.local' },
    }[name] as ServiceSpec | undefined;
    return spec && { metadata: { ...meta, name }, spec };
  },
  slices: () => [
    {
      metadata: { ...meta, name: 'many-1' },
      addressType: 'IPv4',
      endpoints: Array.from({ length: ENDPOINTS }, (_, index) => ({ addresses: [`10.244.0.${index + 1}`] })),
    },
  ],
  hasNamespace: () => true,
  serviceByIP: () => undefined,
  slicesByIP: () => [],
};

const textOf = (record: Answer): string => ('data' in record && typeof record.data === 'string' ? record.data : '');

const query = (name: string, additionals: Packet['additionals'] = []): Buffer =>
  encode({ id: 77, type: 'query', flags: 0x100, questions: [{ name, type: 'A', class: 'IN' }], additionals });

describe('DNS server', () => {
  const stop = new AbortController();
  let port: number;
  let closed: Promise<void>;

  before(async () => {
    const upstream = await ownNetwork.bindDatagram(0, '127.0.0.1');
    upstream.on('message', (bytes, from) => {
      const asked = decode(bytes);
      const isLarge = asked.questions?.[0]?.name === 'large.example.com';
      const answer: Packet = {
        ...asked,
        type: 'response',
        flags: isLarge ? TRUNCATED_RESPONSE : 0,
        answers: isLarge ? [] : [ADDRESS],
      };
      upstream.send(encode(answer), from.port, from.address);
    });
    const overTcp = createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        const answer = encode({ ...decode(bytes.subarray(2)), type: 'response', answers: [ADDRESS, ADDRESS] });
        socket.end(Buffer.concat([Uint8Array.of(answer.length >> 8, answer.length & 0xff), answer]));
      });
    });
    await ownNetwork.listen(overTcp, upstream.address().port, '127.0.0.1');
    stop.signal.addEventListener('abort', () => overTcp.close());
    stop.signal.addEventListener('abort', () => upstream.close());
    const forwarder = createForwarder(
      { servers: [`127.0.0.1:${upstream.address().port}`] },
      { clock: systemClock, network: ownNetwork },
    );
    const config = { zone: 'cluster.local', ttl: 5, address: '127.0.0.1', port: 0 };
    ({ port, closed } = await startDnsServer(
      config,
      { records, forwarder, network: ownNetwork, random: seededRandom(1), log: silentLogger },
      stop.signal,
    ));
  });
  after(async () => {
    stop.abort();
    await closed;
  });

  async function askUdp(message: Uint8Array): Promise<DecodedPacket> {
    const socket = await ownNetwork.bindDatagram(0, '127.0.0.1');
    socket.send(message, port, '127.0.0.1');
    const [bytes] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return decode(bytes);
  }

  async function askTcp(message: Uint8Array): Promise<DecodedPacket> {
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]));
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      if (bytes.length >= 2 + bytes.readUInt16BE(0)) break;
    }
    return decode(bytes.subarray(2));
  }

  it('an answer that is too large for UDP says so, and is whole over TCP', async () => {
    const message = query('many.default.svc.cluster.local');
    const truncated = await askUdp(message);
    assert.equal(truncated.flag_tc, true);
    assert.ok(truncated.answers!.length > 10 && truncated.answers!.length < ENDPOINTS, 'as many as fit');

    const whole = await askTcp(message);
    assert.equal(whole.answers?.length, ENDPOINTS);
    assert.equal(whole.flag_aa, true);
  });

  it('a client that takes larger datagrams gets the whole answer', async () => {
    const edns = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as const;
    const answer = await askUdp(query('many.default.svc.cluster.local', [edns as never]));
    assert.equal(answer.answers?.length, ENDPOINTS);
  });

  it('case does not matter, and the question comes back as it was asked', async () => {
    const answer = await askUdp(query('MANY.Default.svc.cluster.local'));
    assert.equal(rcodeOf(answer), RCODE_NOERROR);
    assert.equal(answer.questions?.[0]?.name, 'MANY.Default.svc.cluster.local');
  });

  it('what does not exist is NXDOMAIN with the SOA of the zone', async () => {
    const answer = await askUdp(query('none.default.svc.cluster.local'));
    assert.equal(rcodeOf(answer), RCODE_NXDOMAIN);
    assert.equal(answer.authorities?.[0]?.type, 'SOA');
  });

  it('other names are asked of the name servers of the node', async () => {
    const answer = await askUdp(query('example.com'));
    assert.deepEqual(
      answer.answers?.map((record) => 'data' in record && record.data),
      ['192.0.2.1'],
    );
  });

  const aliases: readonly (readonly [string, string, readonly string[]])[] = [
    ['of the world comes with its addresses', 'out', ['CNAME example.com', 'A 192.0.2.1']],
    [
      'of the cluster, too, however many steps away',
      'inward',
      ['CNAME twice.default.svc.cluster.local', 'CNAME web.default.svc.cluster.local', 'A 10.96.0.5'],
    ],
    ['of nothing stands alone', 'nowhere', ['CNAME none.default.svc.cluster.local']],
  ];
  for (const [name, service, expected] of aliases) {
    it(`an alias ${name}`, async () => {
      const { answers } = await askUdp(query(`${service}.default.svc.cluster.local`));
      assert.deepEqual(
        answers?.map((record) => `${record.type} ${textOf(record)}`),
        expected,
      );
    });
  }

  it('an alias of itself is not followed for ever', async () => {
    const { answers } = await askUdp(query('round.default.svc.cluster.local'));
    assert.ok(answers!.length > 1 && answers!.length < 12);
  });

  it('addresses come in another order each time', async () => {
    const edns = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as const;
    const order = async (): Promise<string> => {
      const { answers } = await askUdp(query('many.default.svc.cluster.local', [edns as never]));
      return answers!.map(textOf).join();
    };
    assert.notEqual(await order(), await order());
  });

  it('a large answer of another server is whole over TCP', async () => {
    const whole = await askTcp(query('large.example.com'));
    assert.equal(whole.answers?.length, 2);
    assert.equal((await askUdp(query('large.example.com'))).flag_tc, true);
  });

  it('what is no DNS message is ignored', async () => {
    const socket = await ownNetwork.bindDatagram(0, '127.0.0.1');
    socket.send('not a question', port, '127.0.0.1');
    socket.close();
    assert.equal(rcodeOf(await askUdp(query('example.com'))), RCODE_NOERROR);
  });
});

describe('name servers', () => {
  const rows: [string, string, number][] = [
    ['192.0.2.1', '192.0.2.1', 53],
    ['192.0.2.1:5353', '192.0.2.1', 5353],
    ['fd00::2', 'fd00::2', 53],
    ['[fd00::2]:5353', 'fd00::2', 5353],
  ];
  for (const [text, host, port] of rows) it(text, () => assert.deepEqual(parseServer(text), { host, port }));

  it('are read from a resolv.conf', () => {
    assert.deepEqual(nameServersOf('search a b\nnameserver 192.0.2.1\n # nameserver 192.0.2.9\nnameserver fd00::2\n'), [
      '192.0.2.1',
      'fd00::2',
    ]);
  });
});
