import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import type { HttpProbeRequest, HttpProbeResponse, NetworkProber } from '../host/node-host.ts';
import { httpProbeUrl } from './http-request.ts';
import { requestHttp } from './request-http.ts';

const REQUEST: HttpProbeRequest = {
  scheme: 'http',
  host: '10.0.0.1',
  port: 8080,
  path: '/start',
  headers: [['Host', 'app.example']],
  timeoutMs: 1000,
  maxBodyBytes: 100,
};
const to = (location: string, statusCode = 302): HttpProbeResponse => ({ statusCode, body: 'moved', location });
const OK: HttpProbeResponse = { statusCode: 200, body: '' };

/** Answers by URL; what is not there refuses. */
function scripted(answers: Readonly<Record<string, HttpProbeResponse>>) {
  const asked: HttpProbeRequest[] = [];
  const network = {
    http: async (request: HttpProbeRequest) => {
      asked.push(request);
      const answer = answers[httpProbeUrl(request)];
      if (!answer) throw new Error('connection refused');
      return answer;
    },
  } as unknown as NetworkProber;
  return { network, asked };
}

describe('redirects of a probe', () => {
  const start = 'http://10.0.0.1:8080/start';
  for (const [what, answers, status] of [
    ['none', { [start]: OK }, 200],
    ['a path', { [start]: to('/next?a=b'), 'http://10.0.0.1:8080/next?a=b': { statusCode: 500, body: '' } }, 500],
    ['a URL of the host', { [start]: to('http://10.0.0.1:81/x', 308), 'http://10.0.0.1:81/x': OK }, 200],
    ['another host', { [start]: to('http://0.0.0.0/') }, 302],
    ['no place', { [start]: to('', 301) }, 301],
    ['not a redirect', { [start]: to('/next', 304) }, 304],
  ] satisfies [string, Record<string, HttpProbeResponse>, number][]) {
    it(`${what}: ${status}`, async () => {
      const { network } = scripted(answers);
      const { signal } = new AbortController();
      assert.equal((await requestHttp(network, new FakeClock(), REQUEST, signal)).statusCode, status);
    });
  }

  for (const [what, answers, message] of [
    ['in a circle', { [start]: to('/start') }, `Get "${start}": stopped after 10 redirects`],
    ['to where nobody is', { [start]: to('/no') }, 'Get "http://10.0.0.1:8080/no": connection refused'],
    ['nowhere', { [start]: to('http://[') }, `Get "${start}": failed to parse Location header "http://["`],
  ] satisfies [string, Record<string, HttpProbeResponse>, string][]) {
    it(`${what}: ${message}`, async () => {
      const { network, asked } = scripted(answers);
      const { signal } = new AbortController();
      await assert.rejects(requestHttp(network, new FakeClock(), REQUEST, signal), { message });
      assert.ok(asked.length <= 10);
    });
  }

  it('keep the name of the server until it is named anew', async () => {
    const { network, asked } = scripted({
      [start]: to('/a'),
      'http://10.0.0.1:8080/a': to('http://10.0.0.1:8080/b'),
      'http://10.0.0.1:8080/b': OK,
    });
    await requestHttp(network, new FakeClock(), REQUEST, new AbortController().signal);
    assert.deepEqual(
      asked.map(({ headers }) => headers[0]![1]),
      ['app.example', 'app.example', '10.0.0.1:8080'],
    );
  });
});
