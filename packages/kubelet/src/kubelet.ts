import type { Client } from '@kts/client';
import type { Clock, Component, Logger, Random } from '@kts/base';
import type { ImageService, RuntimeService } from '@kts/host-cri';
import type { NodeHost } from './host/node-host.ts';
import type { KubeletConfig } from './config.ts';

export interface KubeletDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly host: NodeHost;
}

/** The node agent: runs the pods that are bound to its node and reports what became of them. */
export function createKubelet(config: KubeletConfig, deps: KubeletDeps): Component {
  void [config, deps];
  return { name: 'kubelet', run: () => Promise.resolve(), ready: Promise.resolve() };
}
