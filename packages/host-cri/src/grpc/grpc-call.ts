import { Client, credentials, Metadata, type ClientOptions, type ServiceError } from '@grpc/grpc-js';

import type { CallOptions } from '../call-options.ts';
import { CriError, grpcCodeOf } from '../cri-error.ts';
import type { Method, ProtoCodec } from './proto-codec.ts';

/** How long a call without a timeout of its own may take. Source: KubeletConfiguration's runtimeRequestTimeout. */
const CALL_MS_MAX = 120_000;
/** Answers, such as the lists of a full node. Source: staging/src/k8s.io/cri-client (maxMsgSize). */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

const OPTIONS: ClientOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  // A runtime that restarts is there again soon: do not let grpc-js wait minutes before it looks.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 3_000,
};

/** A connection to a Unix socket, made with the first call, and again after a break. */
export function socketClient(path: string): Client {
  return new Client(`unix://${path}`, credentials.createInsecure(), OPTIONS);
}

/** One request, one answer. Rejects with a `CriError`, or with the signal's reason. */
export function callUnary(
  client: Client,
  codec: ProtoCodec,
  method: Method,
  request: object,
  options: CallOptions,
): Promise<unknown> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const running = client.makeUnaryRequest(
    method.path,
    (message: object) => Buffer.from(codec.encode(method.request, message as Readonly<Record<string, unknown>>)),
    (bytes: Buffer) => codec.decode(method.response, bytes),
    request,
    new Metadata(),
    { deadline: deadline(options.timeoutMs ?? CALL_MS_MAX) },
    (error: ServiceError | null, answer: unknown) => {
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) reject(signal.reason as Error);
      else if (error) reject(new CriError(grpcCodeOf(error.code), error.details, { cause: error }));
      else resolve(answer);
    },
  );
  const onAbort = (): void => running.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise;
}

/** grpc-js wants a point in time, of its own clock: this is transport, not behaviour. */
function deadline(timeoutMs: number): number {
  // oxlint-disable-next-line no-restricted-globals -- see above
  return Date.now() + timeoutMs;
}
