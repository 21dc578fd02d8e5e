/** A bare HTTP/2 client for load: nothing between the benchmark and the wire that could be mistaken for the server. */
import { readFileSync } from 'node:fs';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

import { parseYaml } from '@kts/apimachinery';

/** Large enough that the server never waits for this client. */
const WINDOW_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly body: Buffer;
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: {
      readonly server: string;
      readonly 'certificate-authority-data'?: string;
      readonly 'certificate-authority'?: string;
    };
  }[];
  readonly users: readonly {
    readonly name: string;
    readonly user: {
      readonly 'client-certificate-data'?: string;
      readonly 'client-key-data'?: string;
      readonly 'client-certificate'?: string;
      readonly 'client-key'?: string;
    };
  }[];
}

export class Connection {
  readonly #session: ClientHttp2Session;

  constructor(kubeconfigFile: string) {
    const config = parseYaml(readFileSync(kubeconfigFile, 'utf8')) as unknown as Kubeconfig;
    const context = config.contexts.find((each) => each.name === config['current-context'])!.context;
    const cluster = config.clusters.find((each) => each.name === context.cluster)!.cluster;
    const user = config.users.find((each) => each.name === context.user)!.user;
    const material = (data: string | undefined, file: string | undefined): Buffer =>
      data ? Buffer.from(data, 'base64') : readFileSync(file!);
    this.#session = connect(cluster.server, {
      ca: material(cluster['certificate-authority-data'], cluster['certificate-authority']),
      cert: material(user['client-certificate-data'], user['client-certificate']),
      key: material(user['client-key-data'], user['client-key']),
      settings: { initialWindowSize: WINDOW_BYTES },
    });
    // Whoever waits for an answer is told by its stream.
    this.#session.on('error', () => {});
    this.#session.once('connect', (session) => session.setLocalWindowSize(WINDOW_BYTES));
  }

  /** The whole answer; `keep: false` counts its bytes without keeping them. */
  request(
    method: string,
    path: string,
    options: {
      readonly body?: object;
      readonly contentType?: string;
      readonly accept?: string;
      readonly keep?: boolean;
    } = {},
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const stream = this.#open(method, path, options);
    let status = 0;
    let bytes = 0;
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => (status = headers[':status'] ?? 0));
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (options.keep !== false) chunks.push(chunk);
    });
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, bytes, body: Buffer.concat(chunks) }));
    stream.end(options.body ? JSON.stringify(options.body) : undefined);
    return promise;
  }

  /** An open watch; `onEvent` is called for every line. Resolves once the server has accepted it. */
  watch(path: string, onEvent: () => void): Promise<ClientHttp2Stream> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Stream>();
    const stream = this.#open('GET', path, {});
    stream.on('response', () => resolve(stream));
    stream.on('error', reject);
    stream.on('data', (chunk: Buffer) => {
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, end + 1)) onEvent();
    });
    stream.end();
    return promise;
  }

  close(): void {
    this.#session.destroy();
  }

  #open(
    method: string,
    path: string,
    options: { readonly contentType?: string; readonly accept?: string; readonly body?: object },
  ): ClientHttp2Stream {
    return this.#session.request({
      ':method': method,
      ':path': path,
      accept: options.accept ?? 'application/json',
      ...(options.body ? { 'content-type': options.contentType ?? 'application/json' } : {}),
    });
  }
}
