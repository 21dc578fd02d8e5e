import type { IncomingMessage } from 'node:http';
import type { Clock, Logger } from '@kts/base';
import type { RuntimeService } from '@kts/host-cri';
import type { NetworkNamespace } from '@kts/host-linux';
import type { NodeHost } from '../host/node-host.ts';
import type { KubeletApi } from '../kubelet.ts';
import type { LogFiles } from './logs/log-files.ts';

/** What the handlers of the kubelet's server work with. */
export interface ServerContext {
  readonly nodeName: string;
  readonly api: KubeletApi;
  readonly runtime: RuntimeService;
  readonly host: NodeHost;
  readonly logFiles: LogFiles;
  /** The node's network, in which the runtime's streaming server answers. */
  readonly network: NetworkNamespace;
  readonly clock: Clock;
  readonly log: Logger;
  /** A path of the file system that holds the kubelet's files. */
  readonly rootDirectory: string;
  /** Whether `/logs/` shows the node's own log files. */
  readonly systemLogs: boolean;
  /** What `/configz` shows. */
  readonly configuration: object;
}

/** A request that has passed authentication and authorization. */
export interface KubeletRequest {
  readonly incoming: IncomingMessage;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parts of the path that its route names. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal;
}
