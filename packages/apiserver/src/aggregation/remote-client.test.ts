import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';

import { dialDirectly } from '../subresources/socket-backend.ts';
import { createRemoteClient } from './remote-client.ts';

test('a connection that is refused is an error of the caller, and no other', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const client = createRemoteClient({
    certificate: () => ({ certificate: '', key: '' }),
    dial: dialDirectly,
    resolve: () => Promise.resolve({ host: '127.0.0.1', port }),
  });
  const service = { namespace: 'default', name: 'api', port: 443 };
  const api = { name: 'v1.example.com', group: 'example.com', version: 'v1', host: 'api.default.svc', service };
  await assert.rejects(client.connect({ ...api, insecure: true } as never), { code: 'ECONNREFUSED' });
  client.close();
});
