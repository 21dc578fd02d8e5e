import type { Client } from '@grpc/grpc-js';

import type { CallOptions } from '../call-options.ts';
import type { ImageService, RuntimeService } from '../gen/cri.gen.ts';
import { criCodec } from './cri-codec.ts';
import { callUnary, socketClient } from './grpc-call.ts';

export interface CriConnection {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  close(): void;
}

/** Talks CRI v1 to a runtime's Unix socket. Connects on the first call, and again after a break. */
export function connectCri(socketPath: string): CriConnection {
  const client = socketClient(socketPath);
  return {
    runtime: service<RuntimeService>(client, 'RuntimeService'),
    images: service<ImageService>(client, 'ImageService'),
    close: () => client.close(),
  };
}

/** An object with one function for each method of the service. */
function service<S>(client: Client, name: 'RuntimeService' | 'ImageService'): S {
  const methods = [...criCodec.methodsOf(name)].map(([method, facts]) => [
    method,
    (request: object, options: CallOptions = {}) => callUnary(client, criCodec, facts, request, options),
  ]);
  return Object.fromEntries(methods) as S;
}
