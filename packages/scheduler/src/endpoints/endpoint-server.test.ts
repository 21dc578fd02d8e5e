import assert from 'node:assert/strict';
import { get } from 'node:https';
import { describe, it } from 'node:test';
import { startTestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { createEndpointServer } from './endpoint-server.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function request(port: number, path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode!, type: response.headers['content-type']!, text }));
  }).on('error', reject);
  return promise;
}

describe('the endpoints', () => {
  it('show health to everybody, and the rest to those who may see it', async () => {
    await using server = await startTestApiServer();
    const stop = new AbortController();
    let isReady = false;
    const endpoints = createEndpointServer(
      { address: '127.0.0.1', port: 0, alwaysAllowPaths: ['/healthz', '/livez', '/readyz'] },
      {
        client: server.client,
        clock: server.clock,
        random: server.random,
        log: silentLogger,
        configuration: { kind: 'KubeSchedulerConfiguration' },
        metrics: () => 'scheduler_pending_pods 0\n',
        podResources: () => 'kube_pod_resource_limit 1\n',
        healthChecks: [],
        readinessChecks: [
          { name: 'sync', check: () => (isReady ? Promise.resolve() : Promise.reject(new Error('no'))) },
        ],
      },
    );
    const running = endpoints.run(stop.signal);
    await endpoints.ready;
    const { port } = endpoints;
    assert.deepEqual(await request(port, '/healthz'), { status: 200, type: 'text/plain; charset=utf-8', text: 'ok' });
    assert.equal((await request(port, '/livez?verbose')).text, '[+]ping ok\nlivez check passed\n');
    assert.equal((await request(port, '/readyz')).status, 500);
    isReady = true;
    assert.equal((await request(port, '/readyz')).text, 'ok');
    const metrics = await request(port, '/metrics');
    assert.deepEqual([metrics.status, metrics.text], [200, 'scheduler_pending_pods 0\n']);
    assert.equal((await request(port, '/metrics/resources')).text, 'kube_pod_resource_limit 1\n');
    assert.equal((await request(port, '/configz')).text, '{"componentconfig":{"kind":"KubeSchedulerConfiguration"}}');
    assert.equal((await request(port, '/elsewhere')).status, 404);
    stop.abort();
    await running;
  });
});
