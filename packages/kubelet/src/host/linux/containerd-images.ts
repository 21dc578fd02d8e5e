import { runCommand } from '@kts/host-linux';

import type { ImageMounter } from '../node-host.ts';

/** The namespace that containerd keeps the images of Kubernetes in. */
const NAMESPACE = 'k8s.io';

/** Mounts snapshots of containerd's images by its own tool. What a mount needs is kept by a lease named after its path. */
export function containerdImages(socket: string): ImageMounter {
  const ctr = (...words: readonly string[]): Promise<string> =>
    runCommand(['ctr', '--address', socket, '--namespace', NAMESPACE, ...words]);
  return {
    async mount(image, path) {
      // One is left if the machine has gone down since.
      await ctr('leases', 'delete', path).catch(() => {});
      await ctr('images', 'mount', image, path);
    },
    async unmount(path) {
      await ctr('images', 'unmount', '--rm', path);
      await ctr('leases', 'delete', path);
    },
  };
}
