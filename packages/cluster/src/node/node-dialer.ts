import { BlockList, type Socket } from 'node:net';

import { networkNamespace, ownNetwork } from '@kts/host-linux';

/**
 * How the API server, which lives in the machine's network, reaches kubelets, pods and Services: nodes' addresses are on
 * the bridge, pods and Services only exist inside a node, and simulated nodes have servers on the loopback interface.
 */
export class NodeDialer {
  readonly #inside = new BlockList();
  readonly #simulated = new Map<string, number>();
  #namespacePath: string | undefined;

  /** Addresses of these ranges are dialled from within that node. */
  routeThrough(namespacePath: string, ranges: readonly string[]): void {
    this.#namespacePath = namespacePath;
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      this.#inside.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
    }
  }

  /** The server of a simulated node listens on this port of the loopback interface. */
  addSimulatedNode(address: string, port: number): void {
    this.#simulated.set(address, port);
  }

  readonly dial = (port: number, host: string): Socket => {
    const local = this.#simulated.get(host);
    if (local !== undefined) return ownNetwork.connect(local, '127.0.0.1');
    const path = this.#namespacePath;
    const isInside = path !== undefined && this.#inside.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
    return (isInside ? networkNamespace(path) : ownNetwork).connect(port, host);
  };
}
