import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { chainRequest } from '../testing/chain-request.ts';
import { flagzPage } from './flagz.ts';
import { statuszPage } from './statusz.ts';
import { wantedForm, zpageRoute, type Zpage } from './zpage-route.ts';

async function read(page: Zpage, accept?: string) {
  const request = chainRequest({ path: '/', ...(accept ? { headers: { accept } } : {}) });
  const response = await zpageRoute(page).handler(request);
  assert.ok(response.kind === 'bytes');
  return { type: response.contentType, text: Buffer.from(response.body as Uint8Array).toString(), request };
}

describe('what is accepted of pages', () => {
  const rows: readonly [accept: string | undefined, expected: string | undefined][] = [
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/plain', 'text/plain'],
    ['text/plain;as=Statusz;g=config.k8s.io;v=v1beta1', undefined],
    ['application/json', undefined],
    ['application/json;as=Statusz;g=config.k8s.io;v=v1beta1', 'application/json v1beta1'],
    ['application/yaml;as=Statusz;g=config.k8s.io;v=v1alpha1', 'application/yaml v1alpha1'],
    ['application/json;as=Flagz;g=config.k8s.io;v=v1beta1', undefined],
    ['application/json;as=Statusz;g=config.k8s.io;v=v2,text/plain', 'text/plain'],
  ];
  for (const [accept, expected] of rows) {
    it(`${accept ?? 'anything'}: ${expected ?? 'none'}`, () => {
      const wanted = () => Object.values(wantedForm(accept, 'Statusz')).join(' ');
      if (expected) assert.equal(wanted(), expected);
      else {
        const message = 'only the following media types are accepted: application/json, application/yaml, text/plain';
        assert.throws(wanted, { code: 406, message });
      }
    });
  }
});

describe('statusz', () => {
  const clock = new FakeClock();
  const page = statuszPage(clock, () => ['/healthz/etcd', '/healthz', '/api/v1', '/', '/metrics/slis', '/apis/']);

  it('tells when the server started and where else to look', async () => {
    await clock.advance(3_725_000);
    const { type, text } = await read(page, 'application/json;as=Statusz;g=config.k8s.io;v=v1beta1');
    const { startTime, ...rest } = JSON.parse(text) as { startTime: string };
    assert.equal(type, 'application/json;g=config.k8s.io;v=v1beta1;as=Statusz');
    assert.equal(Date.parse(startTime), clock.now() - 3_725_000);
    assert.deepEqual(rest, {
      kind: 'Statusz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      uptimeSeconds: 3725,
      goVersion: '',
      binaryVersion: '1.36',
      emulationVersion: '1.36',
      paths: ['/healthz', '/metrics'],
    });
    assert.match(
      (await read(page)).text,
      /^\napiserver statusz\nWarning: [^\n]+\n\nStarted: .*\nUp: 1 hr 02 min 05 sec\n/,
    );
  });

  it('warns of the older version', async () => {
    const { request } = await read(page, 'application/json;as=Statusz;g=config.k8s.io;v=v1alpha1');
    assert.deepEqual(request.warnings, [
      'This version of the statusz endpoint is deprecated. Please use a newer version.',
    ]);
  });
});

describe('flagz', () => {
  it('tells how the server was started', async () => {
    const page = flagzPage({ v: '2', 'secure-port': '6443' });
    assert.match((await read(page)).text, /\nsecure-port=6443\nv=2\n$/);
    const { text } = await read(page, 'application/yaml;as=Flagz;g=config.k8s.io;v=v1beta1');
    assert.match(text, /flags:\n {2}secure-port: "6443"\n {2}v: "2"\n/);
  });
});
