import { rmSync } from 'node:fs';

import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';

import type { CallOptions } from '../call-options.ts';
import { CriError, GRPC_CODES, grpcCodeOf } from '../cri-error.ts';
import { callUnary, socketClient } from './grpc-call.ts';
import type { Method, ProtoCodec } from './proto-codec.ts';

/** The services of a program that listens on a Unix socket, such as a plugin of the kubelet. */
export interface GrpcSocket {
  /** `method` in camelCase. Rejects with a `CriError`. */
  call(service: string, method: string, request: object, options?: CallOptions): Promise<unknown>;
  /** Ends when the other side ends it; throws a `CriError` if it breaks, and ends with the signal. */
  stream(service: string, method: string, request: object, signal: AbortSignal): AsyncIterable<unknown>;
  close(): void;
}

export function connectSocket(path: string, codec: ProtoCodec): GrpcSocket {
  const client = socketClient(path);
  const encode = (type: string, message: object): Buffer =>
    Buffer.from(codec.encode(type, message as Readonly<Record<string, unknown>>));
  return {
    call: (service, method, request, options = {}) =>
      callUnary(client, codec, known(codec.methodsOf(service), method), request, options),
    async *stream(service, method, request, signal) {
      const facts = known(codec.streamsOf(service), method);
      const running = client.makeServerStreamRequest(
        facts.path,
        (message: object) => encode(facts.request, message),
        (bytes: Buffer) => codec.decode(facts.response, bytes) as object,
        request,
        new Metadata(),
      );
      const onAbort = (): void => running.cancel();
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      try {
        for await (const message of running) yield message;
      } catch (error) {
        if (signal.aborted) return;
        const { code, details } = error as { code?: number; details?: string };
        throw new CriError(grpcCodeOf(code ?? GRPC_CODES.Unknown), details ?? String(error), { cause: error });
      } finally {
        signal.removeEventListener('abort', onAbort);
        running.cancel();
      }
    },
    close: () => client.close(),
  };
}

/** By camelCase name: what answers a method. What it throws reaches the caller, a `CriError` with its code. */
export type GrpcHandlers = Readonly<
  Record<string, (request: never, signal: AbortSignal) => Promise<object> | AsyncIterable<object>>
>;

/** Listens on a Unix socket, in place of one that is there. */
export async function serveSocket(
  path: string,
  codec: ProtoCodec,
  services: Readonly<Record<string, GrpcHandlers>>,
): Promise<{ readonly close: () => void }> {
  const server = new Server();
  for (const [service, handlers] of Object.entries(services)) {
    const [unary, streams] = [codec.methodsOf(service), codec.streamsOf(service)];
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: Record<string, (call: never, answer: never) => void> = {};
    for (const [name, handle] of Object.entries(handlers)) {
      const facts = unary.get(name) ?? known(streams, name);
      definition[name] = methodDefinition(codec, facts, !unary.has(name));
      implementation[name] = unary.has(name)
        ? (call: never, answer: never) => answerOnce(handle, call, answer)
        : (call: never) => answerMany(handle, call);
    }
    server.addService(definition, implementation as never);
  }
  rmSync(path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.bindAsync(`unix://${path}`, ServerCredentials.createInsecure(), (error) =>
    error ? reject(error) : resolve(),
  );
  await promise;
  return { close: () => server.forceShutdown() };
}

function methodDefinition(
  codec: ProtoCodec,
  { path, request, response }: Method,
  isStream: boolean,
): ServiceDefinition[string] {
  const serialize =
    (type: string) =>
    (message: object): Buffer =>
      Buffer.from(codec.encode(type, message as Readonly<Record<string, unknown>>));
  return {
    path,
    requestStream: false,
    responseStream: isStream,
    requestSerialize: serialize(request),
    requestDeserialize: (bytes: Buffer) => codec.decode(request, bytes) as object,
    responseSerialize: serialize(response),
    responseDeserialize: (bytes: Buffer) => codec.decode(response, bytes) as object,
  };
}

type Handler = GrpcHandlers[string];

function answerOnce(handle: Handler, call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): void {
  const stop = new AbortController();
  call.on('cancelled', () => stop.abort());
  (handle(call.request as never, stop.signal) as Promise<object>).then(
    (message) => answer(null, message),
    (error: unknown) => answer(statusOf(error)),
  );
}

function answerMany(handle: Handler, call: ServerWritableStream<object, object>): void {
  const stop = new AbortController();
  call.on('cancelled', () => stop.abort());
  const write = async (): Promise<void> => {
    for await (const message of handle(call.request as never, stop.signal) as AsyncIterable<object>)
      call.write(message);
    call.end();
  };
  write().catch((error: unknown) => call.emit('error', statusOf(error)));
}

function statusOf(error: unknown): Error & { code: number; details: string } {
  const { message } = error as Error;
  const isKnown = error instanceof CriError;
  const details = isKnown ? error.description : message;
  return Object.assign(new Error(details), { code: GRPC_CODES[isKnown ? error.code : 'Unknown'], details });
}

function known(methods: ReadonlyMap<string, Method>, name: string): Method {
  const method = methods.get(name);
  if (!method) throw new Error(`no method ${name}`);
  return method;
}
