import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseApiServerFlags } from './command-line.ts';
import { etcdAddress } from './open-etcd-store.ts';

const address = (line: string): unknown => etcdAddress(parseApiServerFlags(line.split(' ')));

describe('where etcd is', () => {
  const accepted: readonly (readonly [line: string, endpoints: readonly string[], prefix: string])[] = [
    ['--etcd-servers=http://127.0.0.1:2379', ['http://127.0.0.1:2379'], '/registry/'],
    ['--etcd-servers=http://a:1,http://b:2', ['http://a:1', 'http://b:2'], '/registry/'],
    ['--etcd-servers=http://a:1 --etcd-servers=http://b:2/', ['http://a:1', 'http://b:2'], '/registry/'],
    ['--etcd-servers=127.0.0.1:2379', ['http://127.0.0.1:2379'], '/registry/'],
    ['--etcd-servers=127.0.0.1:2379 --etcd-cafile=ca.crt', ['https://127.0.0.1:2379'], '/registry/'],
    ['--etcd-servers=http://[::1]:2379 --etcd-prefix=kts/one/', ['http://[::1]:2379'], '/kts/one/'],
    ['--etcd-servers=http://a:1 --etcd-prefix=/', ['http://a:1'], '/'],
  ];
  for (const [line, endpoints, prefix] of accepted) {
    it(`takes ${line}`, () => assert.deepEqual(address(line), { endpoints, prefix }));
  }

  it('is nowhere without servers', () => assert.equal(address('--etcd-prefix=/a'), undefined));

  const refused: readonly (readonly [line: string, message: string])[] = [
    ['--etcd-servers=unix:///run/etcd.sock', '--etcd-servers "unix:///run/etcd.sock" is no http or https URL'],
    ['--etcd-servers=http://a:1 --etcd-certfile=a', '--etcd-certfile and --etcd-keyfile belong together'],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${line}`, () => assert.throws(() => address(line), { message }));
  }
});
