import type { CallOptions } from './call-options.ts';
import { GrpcChannel } from './grpc-channel.ts';
import { serveMethods, type GrpcMethod, type GrpcServer } from './grpc-server.ts';
import type { Method, ProtoCodec } from './proto-codec.ts';

/** The services of a program that listens on a Unix socket, such as a container runtime or a plugin of the kubelet. */
export interface GrpcSocket {
  /** `method` in camelCase. Rejects with a GrpcError. */
  call(service: string, method: string, request: object, options?: CallOptions): Promise<unknown>;
  /** Ends when the other side ends it; throws a GrpcError if it breaks, and ends with the signal. */
  stream(service: string, method: string, request: object, signal: AbortSignal): AsyncIterable<unknown>;
  close(): void;
}

/** How long a call without a timeout of its own may take. Source: KubeletConfiguration's runtimeRequestTimeout. */
const CALL_MS_MAX = 120_000;

/** Connects on the first call, and again with the first one after a break. */
export function connectSocket(path: string, codec: ProtoCodec): GrpcSocket {
  let channel: GrpcChannel | undefined;
  const connected = async (): Promise<GrpcChannel> => {
    if (!channel || channel.over) channel = new GrpcChannel({ endpoint: `unix://${encodeURI(path)}` });
    const current = channel;
    await current.connected;
    return current;
  };
  const encode = (type: string, message: object): Uint8Array => codec.encode(type, message as Message);
  return {
    async call(service, method, request, { signal, timeoutMs = CALL_MS_MAX } = {}) {
      const facts = known(codec.methodsOf(service), method);
      const options = signal ? { signal, timeoutMs } : { timeoutMs };
      const answer = await (await connected()).call(facts.path, encode(facts.request, request), options);
      return codec.decode(facts.response, answer);
    },
    async *stream(service, method, request, signal) {
      const facts = known(codec.streamsOf(service), method);
      const answers = (await connected()).answers(facts.path, encode(facts.request, request), signal);
      for await (const answer of answers) yield codec.decode(facts.response, answer);
    },
    close: () => channel?.close(),
  };
}

type Message = Readonly<Record<string, unknown>>;

/** By camelCase name: what answers a method. What it throws reaches the caller, a GrpcError with its code. */
export type GrpcHandlers = Readonly<
  Record<string, (request: never, signal: AbortSignal) => Promise<object> | AsyncIterable<object>>
>;

/** Listens on a Unix socket, in place of one that is there. */
export function serveSocket(
  path: string,
  codec: ProtoCodec,
  services: Readonly<Record<string, GrpcHandlers>>,
): Promise<GrpcServer> {
  const methods = new Map<string, GrpcMethod>();
  for (const [service, handlers] of Object.entries(services)) {
    const [single, streams] = [codec.methodsOf(service), codec.streamsOf(service)];
    for (const [name, handle] of Object.entries(handlers)) {
      const facts = single.get(name) ?? known(streams, name);
      methods.set(facts.path, methodOf(codec, facts, handle, !single.has(name)));
    }
  }
  return serveMethods(path, methods);
}

function methodOf(codec: ProtoCodec, facts: Method, handle: GrpcHandlers[string], isStream: boolean): GrpcMethod {
  const ask = (bytes: Uint8Array, signal: AbortSignal) => handle(codec.decode(facts.request, bytes) as never, signal);
  const encode = (message: object): Uint8Array => codec.encode(facts.response, message as Message);
  if (!isStream) return { answer: async (bytes, signal) => encode(await (ask(bytes, signal) as Promise<object>)) };
  return {
    async *answers(bytes, signal) {
      for await (const message of ask(bytes, signal) as AsyncIterable<object>) yield encode(message);
    },
  };
}

function known(methods: ReadonlyMap<string, Method>, name: string): Method {
  const method = methods.get(name);
  if (!method) throw new Error(`no method ${name}`);
  return method;
}
