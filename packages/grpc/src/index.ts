export type { CallOptions } from './call-options.ts';
export {
  GrpcChannel,
  type DuplexStream,
  type GrpcChannelOptions,
  type GrpcTls,
  type StreamHandler,
} from './grpc-channel.ts';
export { GRPC_CODES, GrpcError, grpcCodeOf, type GrpcCode } from './grpc-error.ts';
export type { GrpcServer } from './grpc-server.ts';
export { connectSocket, serveSocket, type GrpcHandlers, type GrpcSocket } from './grpc-socket.ts';
export { ProtoCodec, type ProtoFacts } from './proto-codec.ts';
