import assert from 'node:assert/strict';
import { request } from 'node:https';
import { describe, it } from 'node:test';

import { silentLogger, type HealthCheck } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client, issue, TransportError } from '@kts/client';
import { answer as answerWith, ScriptedTransport } from '@kts/client/testing';

import { ClientMetrics } from './client-metrics.ts';
import { startComponentServer, type ComponentServerDependencies } from './component-server.ts';
import { createDelegatedAccess, type DelegatedAccess } from './delegated-access.ts';
import { formatMetric, Histogram } from './metrics-text.ts';
import { QueueMetrics } from './queue-metrics.ts';

const YEAR_MS = 365 * 86_400_000;
const issued = (
  usage: 'authority' | 'server' | 'client',
  commonName: string,
  authority?: ReturnType<typeof issue>,
): ReturnType<typeof issue> =>
  issue(
    { commonName, usage, organizations: ['team'], notBefore: 0, notAfter: 100 * YEAR_MS, serial: Buffer.of(1) },
    authority,
  );
const authority = issued('authority', 'authority');
const serving = issued('server', 'server');

/** Knows one token; lets `root` read everything. */
const access: DelegatedAccess = {
  userOfToken: async (token) => (token === 'good' ? { username: 'root', groups: [] } : undefined),
  isAllowed: async ({ username }) => username === 'root',
};

interface Asked {
  readonly path: string;
  readonly token?: string;
  readonly client?: ReturnType<typeof issue>;
}

async function ask(
  { path, token, client }: Asked,
  deps: Partial<ComponentServerDependencies> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const config = {
    address: '127.0.0.1',
    port: 0,
    certificate: serving.certificate,
    key: serving.key,
    clientCA: authority.certificate,
    alwaysAllowPaths: ['/healthz', '/open/*'],
  };
  const all = { access, checks: () => [], metrics: () => ['a 1'], log: silentLogger, ...deps };
  const server = await startComponentServer(config, all);
  try {
    return await new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const identity = client ? { cert: client.certificate, key: client.key } : {};
      const options = {
        port: server.port,
        path,
        headers,
        rejectUnauthorized: false,
        agent: false as const,
        ...identity,
      };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      sent.on('error', reject).end();
    });
  } finally {
    await server.close();
  }
}

const check = (name: string, isGood = true): HealthCheck => ({
  name,
  check: () => (isGood ? Promise.resolve() : Promise.reject(new Error('secret'))),
});

describe('the component server', () => {
  for (const [name, asked, status, body] of [
    ['health is open', { path: '/healthz' }, 200, /^ok$/],
    ['one check', { path: '/healthz/a', token: 'good' }, 200, /^ok$/],
    ['no such check', { path: '/healthz/x', token: 'good' }, 404, /not found/],
    ['all checks', { path: '/healthz?verbose' }, 200, /^\[\+\]a ok\nhealthz check passed\n$/],
    ['metrics with a token', { path: '/metrics', token: 'good' }, 200, /^a 1\n$/],
    ['metrics with a certificate', { path: '/metrics', client: issued('client', 'root', authority) }, 200, /^a 1\n$/],
    ["somebody else's certificate", { path: '/metrics', client: issued('client', 'root') }, 403, /system:anonymous/],
    ['metrics with a bad token', { path: '/metrics', token: 'bad' }, 401, /"reason":"Unauthorized"/],
    [
      'metrics of nobody',
      { path: '/metrics' },
      403,
      /forbidden: User \\"system:anonymous\\" cannot get path \\"\/metrics\\"/,
    ],
    [
      'metrics of anybody',
      { path: '/metrics', client: issued('client', 'me', authority) },
      403,
      /User \\"me\\" cannot get/,
    ],
    ['an open path that is nothing', { path: '/open/x' }, 404, /not found/],
    ['nothing', { path: '/x', token: 'good' }, 404, /not found/],
  ] as const) {
    it(name, async () => {
      const answer = await ask(asked, { checks: () => [check('a')] });
      assert.equal(answer.status, status);
      assert.match(answer.body, body);
    });
  }

  it('keeps to itself why it is not well', async () => {
    const checks = (): readonly HealthCheck[] => [check('a'), check('b', false)];
    const { status, body } = await ask({ path: '/healthz' }, { checks });
    assert.deepEqual([status, body], [500, '[+]a ok\n[-]b failed: reason withheld\nhealthz check failed\n']);
    assert.equal((await ask({ path: '/healthz?exclude=b' }, { checks })).status, 200);
  });
});

describe('createDelegatedAccess', () => {
  it('asks the API server, and believes it for a while', async () => {
    const transport = new ScriptedTransport();
    const user = { username: 'me', groups: ['team'] };
    transport.reply(
      'POST /apis/authentication.k8s.io/v1/tokenreviews',
      answerWith({ status: { authenticated: true, user } }),
    );
    transport.reply(
      'POST /apis/authorization.k8s.io/v1/subjectaccessreviews',
      answerWith({ status: { allowed: true } }),
    );
    const clock = new FakeClock();
    const delegated = createDelegatedAccess(new Client(transport), clock);
    const { signal } = new AbortController();
    assert.deepEqual(await delegated.userOfToken('t', signal), user);
    assert.deepEqual(await delegated.userOfToken('t', signal), user);
    assert.equal(await delegated.isAllowed(user, '/metrics', 'get', signal), true);
    assert.equal(transport.requests.length, 2);
    await clock.advance(20_000);
    transport.reply('POST /apis/authentication.k8s.io/v1/tokenreviews', answerWith({ status: {} }));
    assert.equal(await delegated.userOfToken('t', signal), undefined);
  });
});

describe('metrics', () => {
  it('escapes labels, and leaves out what has no samples', () => {
    assert.deepEqual(formatMetric('m', 'gauge', 'Help.', [{ labels: { a: 'x"\\\n' }, value: 1e-8 }]), [
      '# HELP m Help.',
      '# TYPE m gauge',
      'm{a="x\\"\\\\\\n"} 1e-08',
    ]);
    assert.deepEqual(formatMetric('m', 'counter', 'Help.', []), []);
  });

  it('adds up buckets', () => {
    const histogram = new Histogram([1, 10]);
    for (const value of [0.5, 1, 5, 50]) histogram.observe(value);
    assert.deepEqual(histogram.lines('h', {}), [
      'h_bucket{le="1"} 2',
      'h_bucket{le="10"} 3',
      'h_bucket{le="+Inf"} 4',
      'h_sum 56.5',
      'h_count 4',
    ]);
  });

  it('tells how long keys wait and how long they take', async () => {
    const clock = new FakeClock();
    const metrics = new QueueMetrics(clock);
    const queue = metrics.observer('q');
    queue.added('a');
    queue.added('b');
    await clock.advance(2000);
    queue.taken('a');
    queue.retried();
    await clock.advance(3000);
    const lines = metrics.lines();
    const value = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}{name="q"}`))?.split(' ')[1];
    assert.equal(value('workqueue_adds_total'), '2');
    assert.equal(value('workqueue_depth'), '1');
    assert.equal(value('workqueue_retries_total'), '1');
    assert.equal(value('workqueue_queue_duration_seconds_sum'), '2');
    assert.equal(value('workqueue_unfinished_work_seconds'), '3');
    queue.done('a');
    assert.ok(metrics.lines().includes('workqueue_work_duration_seconds_sum{name="q"} 3'));
  });
});

describe('metrics of a client', () => {
  it('count requests by method and status, also those that fail', async () => {
    const transport = new ScriptedTransport();
    const clock = new FakeClock();
    transport.reply('GET /there', answerWith({}));
    transport.reply('POST /there', () => Promise.reject(new TransportError('gone')));
    const metrics = new ClientMetrics('server:6443', clock);
    const measured = metrics.measure(transport);
    await measured.request({ method: 'GET', path: '/there' });
    await measured.request({ method: 'GET', path: '/there' });
    await measured.request({ method: 'GET', path: '/elsewhere' });
    await assert.rejects(measured.request({ method: 'POST', path: '/there' }), TransportError);
    await measured.watch({ method: 'GET', path: '/there' });
    assert.deepEqual(
      metrics.lines().filter((line) => /^rest_client_requests_total|_count/.test(line)),
      [
        'rest_client_request_duration_seconds_count{host="server:6443",verb="GET"} 4',
        'rest_client_request_duration_seconds_count{host="server:6443",verb="POST"} 1',
        'rest_client_requests_total{code="200",host="server:6443",method="GET"} 3',
        'rest_client_requests_total{code="404",host="server:6443",method="GET"} 1',
        'rest_client_requests_total{code="<error>",host="server:6443",method="POST"} 1',
      ],
    );
  });
});
