export type * from './gen/cri.gen.ts';
export type { CallOptions } from './call-options.ts';
export { CriError, GRPC_CODES, grpcCodeOf, type GrpcCode } from './cri-error.ts';
export { connectSocket, serveSocket, type GrpcHandlers, type GrpcSocket } from './grpc/grpc-socket.ts';
export { ProtoCodec, type ProtoFacts } from './grpc/proto-codec.ts';
export { connectCri, type CriConnection } from './grpc/cri-client.ts';
export { AddressPool } from './simulated/address-pool.ts';
export { createSimulatedRuntime, type SimulatedRuntimeDeps } from './simulated/simulated-runtime.ts';
