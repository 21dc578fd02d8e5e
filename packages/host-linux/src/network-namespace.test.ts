import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { once } from 'node:events';

import { runCommand } from './command.ts';
import { networkNamespace, ownNetwork } from './network-namespace.ts';
import { socketAddress } from './system-calls.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const NAME = `kts-test-${process.pid}`;

describe('network namespaces', { skip: isRoot ? false : 'needs root on Linux' }, () => {
  before(async () => {
    await runCommand(['ip', 'netns', 'add', NAME]);
    await runCommand(['ip', '-n', NAME, 'link', 'set', 'lo', 'up']);
  });
  after(() => runCommand(['ip', 'netns', 'delete', NAME]));

  it('a server in a namespace is reached from inside it and not from outside', async () => {
    const inside = networkNamespace(`/run/netns/${NAME}`);
    const server = createServer((socket) => socket.end('hello'));
    const port = await inside.listen(server, 0, '127.0.0.1');
    try {
      const socket = inside.connect(port, '127.0.0.1');
      const [data] = (await once(socket, 'data')) as [Buffer];
      assert.equal(data.toString(), 'hello');
      await assert.rejects(once(ownNetwork.connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    } finally {
      server.close();
    }
  });

  it('datagrams go back and forth inside a namespace', async () => {
    const inside = networkNamespace(`/run/netns/${NAME}`);
    const a = await inside.bindDatagram(0, '127.0.0.1');
    const b = await inside.bindDatagram(0, '127.0.0.1');
    try {
      a.send('ping', b.address().port, '127.0.0.1');
      const [data] = (await once(b, 'message')) as [Buffer];
      assert.equal(data.toString(), 'ping');
    } finally {
      a.close();
      b.close();
    }
  });

  it('a namespace that does not exist is a clear error and leaves the process where it was', () => {
    assert.throws(() => networkNamespace('/run/netns/none-such').connect(1, '127.0.0.1'), { code: 'ENOENT' });
  });
});

describe('runCommand', () => {
  it('returns what the program printed', async () => {
    assert.equal(await runCommand(['cat'], { input: 'text' }), 'text');
  });

  it('an exit code is an error with what the program said', async () => {
    await assert.rejects(runCommand(['sh', '-c', 'echo broken >&2; exit 3']), {
      name: 'CommandError',
      exitCode: 3,
      message: 'sh -c echo broken >&2; exit 3: broken',
    });
  });

  it('a missing program is an error that names it', async () => {
    await assert.rejects(runCommand(['kts-no-such-program']), { name: 'CommandError', message: /kts-no-such-program/ });
  });
});

describe('socketAddress', () => {
  const rows: [string, number, string][] = [
    ['127.0.0.1', 80, '020000507f0000010000000000000000'],
    ['::1', 443, '0a0001bb0000000000000000000000000000000000000001' + '00000000'],
    ['fd00::10:2', 1, '0a00000100000000fd000000000000000000000000100002' + '00000000'],
  ];
  for (const [host, port, expected] of rows) {
    it(`${host}:${port}`, () => assert.equal(socketAddress(host, port).toHex(), expected));
  }
});
