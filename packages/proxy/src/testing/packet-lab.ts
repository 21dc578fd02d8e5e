import { createServer, request } from 'node:http';
import type { Socket as DatagramSocket } from 'node:dgram';

import { networkNamespace, runCommand, type NetworkNamespace } from '@kts/host-linux';

/** The hosts of the lab and their addresses: a node, two pods on it, and a client outside of the cluster. */
export const ADDRESSES = {
  node: '192.0.2.1',
  client: '192.0.2.2',
  pod1: '10.244.0.2',
  pod2: '10.244.1.2',
} as const;

export type Host = keyof typeof ADDRESSES;

export const POD_PORT = 8080;

/** Which pod answered, and whom it took for the client; or why there was no answer. */
export type Answer = { readonly pod: string; readonly client: string } | 'refused' | 'no answer';

const ANSWER_MS_MAX = 400;

/** A node with pods and a client, each a network namespace; pods tell over TCP and UDP who asks them. */
export class PacketLab {
  readonly #prefix: string;
  readonly #closers: (() => void)[] = [];

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  path(host: Host): string {
    return `/run/netns/${this.#prefix}-${host}`;
  }

  async start(): Promise<void> {
    for (const host of Object.keys(ADDRESSES)) await runCommand(['ip', 'netns', 'add', `${this.#prefix}-${host}`]);
    const inNode = (command: readonly string[]): Promise<string> =>
      runCommand(command, { networkNamespace: this.path('node') });
    await inNode(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    await inNode(['ip', 'link', 'set', 'lo', 'up']);
    for (const host of ['client', 'pod1', 'pod2'] as const) {
      const address = ADDRESSES[host];
      const gateway = address.replace(/\d+$/, '1');
      const inHost = (command: readonly string[]): Promise<string> =>
        runCommand(command, { networkNamespace: this.path(host) });
      await inNode([
        'ip',
        'link',
        'add',
        host,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        `${this.#prefix}-${host}`,
      ]);
      await inNode(['ip', 'address', 'add', `${gateway}/24`, 'dev', host]);
      await inNode(['ip', 'link', 'set', host, 'up']);
      await inHost(['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
      await inHost(['ip', 'link', 'set', 'eth0', 'up']);
      await inHost(['ip', 'link', 'set', 'lo', 'up']);
      await inHost(['ip', 'route', 'add', 'default', 'via', gateway]);
    }
    await inNode(['ip', 'route', 'add', 'default', 'via', ADDRESSES.client]);
    for (const pod of ['pod1', 'pod2'] as const) await this.#serve(pod);
  }

  async stop(): Promise<void> {
    for (const close of this.#closers) close();
    for (const host of Object.keys(ADDRESSES)) await runCommand(['ip', 'netns', 'delete', `${this.#prefix}-${host}`]);
  }

  async #serve(pod: 'pod1' | 'pod2'): Promise<void> {
    await this.#serveHttp(pod, ADDRESSES[pod], POD_PORT);
    const udp = await this.#network(pod).bindDatagram(POD_PORT, ADDRESSES[pod]);
    udp.on('message', (_message, from) =>
      udp.send(JSON.stringify({ pod, client: from.address }), from.port, from.address),
    );
    this.#closers.push(() => udp.close());
  }

  /** Gives the host another address, and answers there on port 80; the node finds it behind its default route. */
  async listen(host: Host, address: string): Promise<void> {
    await runCommand(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo'], { networkNamespace: this.path(host) });
    await this.#serveHttp(host, address, 80);
  }

  async #serveHttp(host: Host, address: string, port: number): Promise<void> {
    const server = createServer((incoming, response) => {
      response.setHeader('connection', 'close');
      response.end(JSON.stringify({ pod: host, client: incoming.socket.remoteAddress }));
    });
    await this.#network(host).listen(server, port, address);
    this.#closers.push(() => server.close());
  }

  #network(host: Host): NetworkNamespace {
    return networkNamespace(this.path(host));
  }

  /** One TCP connection. */
  ask(from: Host, address: string, port: number): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const socket = this.#network(from).connect(port, address);
    socket.setTimeout(ANSWER_MS_MAX, () => {
      resolve('no answer');
      socket.destroy();
    });
    const asked = request({ host: address, port, createConnection: () => socket }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as Answer));
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'no answer'),
    );
    asked.end();
    return promise;
  }

  /** A socket whose datagrams all belong to one flow. */
  async datagrams(from: Host): Promise<{ ask(address: string, port: number): Promise<Answer>; close(): void }> {
    const socket: DatagramSocket = await this.#network(from).bindDatagram(0, ADDRESSES[from]);
    return {
      ask: (address, port) => {
        const { promise, resolve } = Promise.withResolvers<Answer>();
        const end = AbortSignal.timeout(ANSWER_MS_MAX);
        end.addEventListener('abort', () => resolve('no answer'), { once: true });
        socket.once('error', () => resolve('refused'));
        socket.once('message', (message) => resolve(JSON.parse(message.toString()) as Answer));
        socket.send('?', port, address);
        return promise;
      },
      close: () => socket.close(),
    };
  }
}
