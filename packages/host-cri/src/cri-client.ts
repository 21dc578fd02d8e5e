import { connectSocket, type CallOptions, type GrpcSocket } from '@kts/grpc';

import { criCodec } from './cri-codec.ts';
import type { ImageService, RuntimeService } from './gen/cri.gen.ts';

export interface CriConnection {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  close(): void;
}

/** Talks CRI v1 to a runtime's Unix socket. Connects on the first call, and again after a break. */
export function connectCri(socketPath: string): CriConnection {
  const socket = connectSocket(socketPath, criCodec);
  return {
    runtime: service<RuntimeService>(socket, 'RuntimeService'),
    images: service<ImageService>(socket, 'ImageService'),
    close: () => socket.close(),
  };
}

/** An object with one function for each method of the service. */
function service<S>(socket: GrpcSocket, name: 'RuntimeService' | 'ImageService'): S {
  const methods = [...criCodec.methodsOf(name).keys()].map((method) => [
    method,
    (request: object, options?: CallOptions) => socket.call(name, method, request, options),
  ]);
  return Object.fromEntries(methods) as S;
}
