/** Plugins of a real node's kubelet, served by the test itself. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  CSI_PROTOCOL,
  DEVICE_PROTOCOL,
  REGISTRATION_PROTOCOL,
  unixPluginHost,
  type PublishRequest,
} from '@kts/kubelet';

import type { TestCluster } from './cluster.ts';
import { succeed } from './command.ts';

export interface Plugin {
  /** What the kubelet has called, in order. */
  readonly calls: readonly string[];
  readonly close: () => void;
}

function kubeletDirectory(cluster: TestCluster): string {
  return join(cluster.dataDirectory, 'nodes', cluster.state.nodes[0]!.name, 'kubelet');
}

/** A CSI driver whose volumes are directories of the machine, bound to where the kubelet wants them. */
export async function startCsiDriver(cluster: TestCluster, name: string): Promise<Plugin> {
  const root = kubeletDirectory(cluster);
  const socket = join(root, 'plugins', name, 'csi.sock');
  const volumes = join(cluster.directory, 'volumes');
  await mkdir(join(root, 'plugins', name), { recursive: true });
  const calls: string[] = [];
  const driver = await unixPluginHost.serve(socket, CSI_PROTOCOL, {
    Node: {
      nodeGetInfo: async () => ({ nodeId: 'node', maxVolumesPerNode: 8 }),
      nodeGetCapabilities: async () => ({ capabilities: [{ rpc: { type: 'STAGE_UNSTAGE_VOLUME' } }] }),
      nodeStageVolume: async ({ volumeId }: PublishRequest) => {
        calls.push(`stage ${volumeId}`);
        await mkdir(join(volumes, volumeId), { recursive: true });
        return {};
      },
      nodeUnstageVolume: async ({ volumeId }: PublishRequest) => {
        calls.push(`unstage ${volumeId}`);
        return {};
      },
      nodePublishVolume: async ({ volumeId, targetPath }: PublishRequest) => {
        calls.push(`publish ${volumeId}`);
        await mkdir(targetPath, { recursive: true });
        await succeed(['mount', '--bind', join(volumes, volumeId), targetPath]);
        return {};
      },
      nodeUnpublishVolume: async ({ volumeId, targetPath }: PublishRequest) => {
        calls.push(`unpublish ${volumeId}`);
        await succeed(['umount', targetPath]);
        return {};
      },
    },
  });
  const registration = await unixPluginHost.serve(
    join(root, 'plugins_registry', `${name}-reg.sock`),
    REGISTRATION_PROTOCOL,
    {
      Registration: {
        getInfo: async () => ({ type: 'CSIPlugin', name, endpoint: socket, supportedVersions: ['1.0.0'] }),
        notifyRegistrationStatus: async ({ pluginRegistered }: { pluginRegistered: boolean }) => {
          calls.push(pluginRegistered ? 'registered' : 'refused');
          return {};
        },
      },
    },
  );
  return {
    calls,
    close: () => {
      registration.close();
      driver.close();
    },
  };
}

/** A plugin with one device, which is the machine's `/dev/null` under another name. */
export async function startDevicePlugin(cluster: TestCluster, resourceName: string): Promise<Plugin> {
  const directory = join(kubeletDirectory(cluster), 'device-plugins');
  const calls: string[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const plugin = await unixPluginHost.serve(join(directory, 'test.sock'), DEVICE_PROTOCOL, {
    DevicePlugin: {
      listAndWatch: async function* () {
        yield { devices: [{ iD: 'first', health: 'Healthy' }] };
        await ended;
      },
      allocate: async ({ containerRequests }: { containerRequests: { devicesIds: string[] }[] }) => {
        const [{ devicesIds }] = containerRequests as [{ devicesIds: string[] }];
        calls.push(`allocate ${devicesIds.join()}`);
        const device = { containerPath: '/dev/test', hostPath: '/dev/null', permissions: 'rw' };
        return { containerResponses: [{ envs: { DEVICE: devicesIds.join() }, devices: [device] }] };
      },
    },
  });
  const kubelet = unixPluginHost.connect(join(directory, 'kubelet.sock'), DEVICE_PROTOCOL);
  await kubelet.call('Registration', 'register', { version: 'v1beta1', endpoint: 'test.sock', resourceName });
  kubelet.close();
  return {
    calls,
    close: () => {
      end();
      plugin.close();
    },
  };
}
