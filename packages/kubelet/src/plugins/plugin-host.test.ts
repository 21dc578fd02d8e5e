/** The kubelet's side of a plugin over a real Unix socket. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { FakeCsiDriver } from '../testing/fake-plugins.ts';
import { MemoryFiles } from '../testing/memory-files.ts';
import { unixPluginHost } from './plugin-host.ts';
import { CSI_PROTOCOL, REGISTRATION_PROTOCOL, type NodeInfoAnswer, type PublishRequest } from './plugin-protocols.ts';
import { PluginWatcher } from './plugin-watcher.ts';

describe('plugins on Unix sockets', () => {
  let directory: string;
  const { signal } = new AbortController();
  before(() => (directory = mkdtempSync(join(tmpdir(), 'plugins-'))));
  after(() => rmSync(directory, { recursive: true }));

  test('register, are told so, and are missed when they go', async () => {
    const told: object[] = [];
    const path = join(directory, 'a.sock');
    const server = await unixPluginHost.serve(path, REGISTRATION_PROTOCOL, {
      Registration: {
        getInfo: async () => ({ type: 'CSIPlugin', name: 'a', endpoint: '/e', supportedVersions: ['1.0.0', '1.1.0'] }),
        notifyRegistrationStatus: async (status: object) => {
          told.push(status);
          return {};
        },
      },
    });
    const seen: string[] = [];
    const handler = {
      register: async (name: string, endpoint: string, versions: readonly string[]) =>
        void seen.push(`+${name} ${endpoint} ${versions.join()}`),
      unregister: async (name: string) => void seen.push(`-${name}`),
    };
    const deps = { host: unixPluginHost, clock: new FakeClock(), log: silentLogger };
    const watcher = new PluginWatcher({ ...deps, directory, handlers: { CSIPlugin: handler } });
    await watcher.check(signal);
    await watcher.check(signal);
    assert.deepEqual(seen, ['+a /e 1.0.0,1.1.0']);
    assert.deepEqual(told, [{ pluginRegistered: true, error: '' }]);
    server.close();
    rmSync(path, { force: true });
    await watcher.check(signal);
    assert.deepEqual(seen.slice(1), ['-a']);
  });

  test('speak CSI', async () => {
    const driver = new FakeCsiDriver(new MemoryFiles(), {
      nodeId: 'id',
      segments: { zone: 'z' },
      maxVolumesPerNode: 3,
    });
    const path = join(directory, 'csi.sock');
    const server = await unixPluginHost.serve(path, CSI_PROTOCOL, driver.services);
    const socket = unixPluginHost.connect(path, CSI_PROTOCOL);
    const info = (await socket.call('Node', 'nodeGetInfo', {})) as NodeInfoAnswer;
    assert.deepEqual(info, { nodeId: 'id', maxVolumesPerNode: 3, accessibleTopology: { segments: { zone: 'z' } } });
    const request: PublishRequest = {
      volumeId: 'v',
      publishContext: { a: 'b' },
      targetPath: '/t',
      volumeCapability: {
        mount: { fsType: 'ext4', mountFlags: ['ro'] },
        accessMode: { mode: 'MULTI_NODE_READER_ONLY' },
      },
      readonly: true,
      secrets: { s: 't' },
      volumeContext: { c: 'd' },
    };
    await socket.call('Node', 'nodePublishVolume', request);
    const [, received] = driver.calls[0]!;
    assert.deepEqual(received, {
      ...request,
      stagingTargetPath: '',
      volumeCapability: {
        mount: { ...request.volumeCapability.mount, volumeMountGroup: '' },
        accessMode: request.volumeCapability.accessMode,
      },
    });
    socket.close();
    server.close();
  });

  test('are found by their sockets, however deep', async () => {
    const nested = join(directory, 'x', 'y');
    mkdirSync(nested, { recursive: true });
    writeFileSync(join(nested, 'no-socket.sock'), '');
    const server = await unixPluginHost.serve(join(nested, 'b.sock'), CSI_PROTOCOL, {});
    assert.deepEqual(await unixPluginHost.sockets(join(directory, 'x')), [join(nested, 'b.sock')]);
    assert.deepEqual(await unixPluginHost.sockets(join(directory, 'none')), []);
    server.close();
  });
});
