import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import type { Pod } from '@kts/api/types/core-v1';
import { ensurePki, issueClient, issueServer, memoryFiles } from '@kts/apiserver';
import { seededRandom, silentLogger, systemClock } from '@kts/base';
import { Client, type Transport } from '@kts/client';
import { AddressPool, createSimulatedRuntime, type RuntimeService } from '@kts/host-cri';
import { ownNetwork } from '@kts/host-linux';
import { WebSocket } from 'ws';
import { createFakeHost } from '../testing/fake-host.ts';
import { createKubeletServer, type KubeletServerConfig } from './kubelet-server.ts';
import { simulatedLogFiles } from './logs/simulated-log-files.ts';
import type { SpdyFrame } from './spdy/frames.ts';
import { startStreamingServer, type ServedConnection } from './testing/streaming-server.ts';

const random = seededRandom(1);
const PKI_OPTIONS = { clock: systemClock, random, files: memoryFiles() };
const pki = ensurePki(PKI_OPTIONS);
const SERVING = issueServer(PKI_OPTIONS, pki.authority, { commonName: 'node-1', alternativeNames: ['127.0.0.1'] });
const STRANGER = issueClient(PKI_OPTIONS, pki.authority, { commonName: 'stranger', organizations: ['guests'] });
const LOOPBACK = { host: '127.0.0.1', ca: pki.authority.certificate };
const API_SERVER = { cert: pki.kubeletClient.certificate, key: pki.kubeletClient.key };

const POD = {
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
  status: { containerStatuses: [{ name: 'c', state: { running: {} }, containerID: 'x://1' }] },
} as unknown as Pod;

/** Allows what `stranger` does not do, knows the token `good`, and refuses everything else. */
const REVIEWER: Transport = {
  request: async ({ path, body }) => {
    const { spec } = body as { spec: { user?: string; token?: string } };
    const status = path.endsWith('/tokenreviews')
      ? spec.token === 'good'
        ? { authenticated: true, user: { username: 'robot' } }
        : { authenticated: false }
      : { allowed: spec.user !== 'stranger' };
    return { status: 201, body: { ...(body as object), status }, warnings: [] };
  },
  watch: () => Promise.reject(new Error('not served')),
  stream: () => Promise.reject(new Error('not served')),
  close: () => Promise.resolve(),
};

/** Runs `work` with the port of a server whose runtime streams from `url`. */
async function withServer(
  url: string,
  work: (port: number) => Promise<void>,
  config: Partial<KubeletServerConfig> = {},
): Promise<void> {
  const host = createFakeHost();
  host.files.add('/var/log/a <b>/c.log', { content: 'c' });
  host.files.add('/var/log/d.log', { content: 'd' });
  host.files.add('/var/lib/secret', { content: 's' });
  const addresses = new AddressPool('10.0.0.0/24');
  const simulated = createSimulatedRuntime({ clock: systemClock, random, addresses });
  const runtime: RuntimeService = {
    ...simulated.runtime,
    containerStatus: () =>
      Promise.resolve({ status: { state: 'CONTAINER_RUNNING', logPath: '/log' } }) as ReturnType<
        RuntimeService['containerStatus']
      >,
    exec: () => Promise.resolve({ url }),
    portForward: () => Promise.resolve({ url }),
  };
  const server = createKubeletServer(
    {
      nodeName: 'node-1',
      address: '127.0.0.1',
      port: 0,
      tls: { cert: SERVING.certificate, key: SERVING.key, clientCA: pki.authority.certificate },
      ...config,
    },
    {
      api: {
        podLogsDir: '/var/log/pods',
        volumePath: () => undefined,
        metrics: () => [],
        pods: () => [POD],
        runningContainer: async (_pod, container) => (container === 'c' ? '1' : undefined),
        readySandbox: async () => 's',
      },
      runtime,
      host,
      logFiles: simulatedLogFiles(systemClock),
      network: ownNetwork,
      client: new Client(REVIEWER),
      clock: systemClock,
      log: silentLogger,
    },
  );
  const stop = new AbortController();
  const done = server.run(stop.signal);
  await server.ready;
  try {
    await work(server.port);
  } finally {
    stop.abort();
    await done;
  }
}

async function get(port: number, path: string, options: RequestOptions = {}): Promise<readonly [number, string]> {
  const sent = request({ ...LOOPBACK, port, path, agent: false, ...options }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return [response.statusCode ?? 0, await text(response)];
}

function open(port: number, path: string, protocols: readonly string[]): WebSocket {
  const options = { ca: pki.authority.certificate, ...API_SERVER };
  return new WebSocket(`wss://127.0.0.1:${port}${path}`, [...protocols], options);
}

const NOBODY_STREAMS = 'http://127.0.0.1:9/';

describe('the kubelet server', () => {
  it('knows its clients by certificate or token, and lets them do what the API server allows', async () => {
    await withServer(NOBODY_STREAMS, async (port) => {
      const stranger = { cert: STRANGER.certificate, key: STRANGER.key };
      const bearer = (token: string): RequestOptions => ({ headers: { authorization: `Bearer ${token}` } });
      const forbidden = 'Forbidden (user=stranger, verb=get, resource=nodes, subresource(s)=[healthz proxy])\n';
      assert.deepEqual(await get(port, '/healthz'), [401, 'Unauthorized']);
      assert.deepEqual(await get(port, '/healthz', bearer('bad')), [401, 'Unauthorized']);
      assert.deepEqual(await get(port, '/healthz', bearer('good')), [200, 'ok']);
      assert.deepEqual(await get(port, '/healthz', API_SERVER), [200, 'ok']);
      assert.deepEqual(await get(port, '/healthz', stranger), [403, forbidden]);
    });
  });

  it('shows the log files of the node, and nothing else', async () => {
    const simulated = 'This container is simulated and prints nothing.\n';
    const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n';
    const folder = '<a href="a%20%3Cb%3E/">a &lt;b&gt;/</a>\n';
    await withServer(NOBODY_STREAMS, async (port) => {
      const rows: readonly (readonly [path: string, status: number, answer: string])[] = [
        ['/logs/', 200, `${head}${folder}<a href="d.log">d.log</a>\n</pre>\n`],
        ['/logs/a%20%3Cb%3E/', 200, `${head}<a href="c.log">c.log</a>\n</pre>\n`],
        ['/logs/a%20%3Cb%3E', 301, ''],
        ['/logs/none', 404, '404 page not found'],
        ['/logs/..%2flib%2fsecret', 404, '404 page not found'],
      ];
      for (const [path, status, answer] of rows) {
        assert.deepEqual(await get(port, path, API_SERVER), [status, answer], path);
      }
      const [status, text] = await get(port, '/logs/d.log', API_SERVER);
      assert.deepEqual([status, text.endsWith(simulated)], [200, true]);
    });
    await withServer(
      NOBODY_STREAMS,
      async (port) => assert.deepEqual(await get(port, '/logs/', API_SERVER), [405, 'logs endpoint is disabled.']),
      { systemLogs: false },
    );
  });

  it('answers in upstream words', async () => {
    await withServer(NOBODY_STREAMS, async (port) => {
      const rows: readonly (readonly [path: string, status: number, answer: RegExp])[] = [
        ['/containerLogs/n/p/c', 200, /^This container is simulated and prints nothing\.\n$/],
        ['/containerLogs/n/q/c', 404, /^pod "q" does not exist$/],
        ['/containerLogs/n/p/d', 404, /^container "d" not found in pod "p"$/],
        ['/containerLogs/n/p/c?previous=true', 400, /^previous terminated container "c" in pod "p" not found$/],
        ['/exec/n/p/c?command=ls', 400, /^you must specify at least 1 of stdin, stdout, stderr$/],
        ['/exec/n/p/c?command=ls&output=1', 400, /^Upgrade request required$/],
        ['/exec/n/p/d?command=ls&output=1', 500, /^container not found \("d"\)$/],
        ['/portForward/n/p/other-uid', 404, /^pod not found$/],
        ['/pods', 200, /^\{"kind":"PodList","apiVersion":"v1","metadata":\{\},"items":\[\{"metadata":\{"name":"p"/],
        ['/stats/summary', 200, /^\{"node":\{"nodeName":"node-1"/],
        ['/metrics/resource', 200, /^resource_scrape_error 0$/m],
        ['/nothing', 404, /Page Not Found/],
      ];
      for (const [path, status, answer] of rows) {
        const [actualStatus, body] = await get(port, path, API_SERVER);
        assert.equal(actualStatus, status, path);
        assert.match(body, answer, path);
      }
    });
  });

  it('translates exec of protocol v5 for the runtime, including the end of the input', async () => {
    const [ERROR, STDIN, STDOUT] = [1, 3, 5];
    let input = '';
    const onFrame = (frame: SpdyFrame, { send }: ServedConnection): void => {
      if (frame.type !== 'data' || frame.streamId !== STDIN) return;
      input += frame.data.toString();
      if (!frame.fin) return;
      send(STDOUT, `got ${input}`, { fin: true });
      send(ERROR, '{"status":"Success"}', { fin: true });
    };
    await using streaming = await startStreamingServer(onFrame);
    await withServer(streaming.url, async (port) => {
      const client = open(port, '/exec/n/p/c?command=cat&input=1&output=1', ['v5.channel.k8s.io', 'v4.channel.k8s.io']);
      const messages: string[] = [];
      client.on('message', (data: Buffer) => messages.push(`${data[0]}:${data.subarray(1).toString()}`));
      client.on('open', () => {
        client.send(Buffer.from('\0hello'));
        client.send(Buffer.of(255, 0));
      });
      const [code] = (await once(client, 'close')) as [number];
      assert.deepEqual([client.protocol, code], ['v5.channel.k8s.io', 1000]);
      assert.deepEqual(messages, ['1:', '1:got hello', '3:{"status":"Success"}']);
    });
  });

  for (const [title, options, message] of [
    ['refuses', { refuse: 'no such token' }, 'unable to upgrade connection: no such token'],
    ['goes away', {}, 'the connection to the container runtime was lost'],
  ] as const) {
    it(`tells a client of protocol v5 when the runtime ${title}`, async () => {
      await using streaming = await startStreamingServer((_, { close }) => close(), options);
      await withServer(streaming.url, async (port) => {
        const client = open(port, '/exec/n/p/c?command=ls&output=1', ['v5.channel.k8s.io']);
        const messages: Buffer[] = [];
        client.on('message', (data: Buffer) => messages.push(data));
        await once(client, 'close');
        const status = JSON.parse(messages.at(-1)!.subarray(1).toString()) as object;
        assert.equal(messages.at(-1)![0], 3);
        assert.partialDeepStrictEqual(status, {
          reason: 'InternalError',
          code: 500,
          message: `Internal error occurred: ${message}`,
        });
      });
    });
  }

  it('passes other protocols through as they are', async () => {
    const onFrame = (frame: SpdyFrame, { send }: ServedConnection): void => {
      if (frame.type === 'data') send(1, frame.data.toString().toUpperCase());
    };
    await using streaming = await startStreamingServer(onFrame);
    await withServer(streaming.url, async (port) => {
      const socket = await upgraded(port, '/exec/n/p/c?command=ls&output=1', {
        upgrade: 'SPDY/3.1',
        'x-stream-protocol-version': 'v4.channel.k8s.io',
      });
      socket.write(Buffer.from('\0\0\0\x01\0\0\0\x02hi', 'latin1'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal(answer.toString('latin1'), '\0\0\0\x01\0\0\0\x02HI');
      socket.destroy();
    });
  });

  it('tunnels port forwarding through the messages of a WebSocket', async () => {
    const onFrame = (frame: SpdyFrame, { send }: ServedConnection): void => {
      if (frame.type === 'data') send(1, frame.data.toString().toUpperCase());
    };
    await using streaming = await startStreamingServer(onFrame);
    await withServer(streaming.url, async (port) => {
      const socket = await upgraded(port, '/portForward/n/p', {
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
      });
      const frame = '\0\0\0\x01\0\0\0\x02hi';
      // A final binary message of ten bytes, masked with zeros.
      socket.write(Buffer.from(`\x82\x8a\0\0\0\0${frame}`, 'latin1'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal(answer.toString('latin1'), `\x82\x0a${frame.replace('hi', 'HI')}`);
      socket.destroy();
    });
  });
});

async function upgraded(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Duplex> {
  const sent = request({
    ...LOOPBACK,
    port,
    path,
    ...API_SERVER,
    headers: { connection: 'Upgrade', ...headers },
  }).end();
  const [, socket] = (await once(sent, 'upgrade')) as [unknown, Duplex];
  return socket;
}
