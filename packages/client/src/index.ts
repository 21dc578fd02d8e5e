export { acceptWebSocket, type WebSocketUpgrade } from './accept-web-socket.ts';
export { Client, type ClientOptions } from './client.ts';
export { certify, issue, type CertificateRequest, type KeyPair } from './certificate/certificate.ts';
export { newSigningRequest, type SigningRequestFields } from './certificate/new-signing-request.ts';
export {
  certificateEnd,
  parseSigningRequest,
  signRequest,
  type SigningPolicy,
  type SigningRequest,
} from './certificate/signing-request.ts';
export { createHttpTransport } from './http-transport.ts';
export {
  accessOf,
  EMPTY_KUBECONFIG,
  formatKubeconfigFile,
  KubeconfigError,
  mergeKubeconfigs,
  parseKubeconfig,
  removeContext,
  type Kubeconfig,
  type ServerAccess,
} from './kubeconfig.ts';
export { accessFromKubeconfig, clientFromKubeconfig, loadKubeconfig } from './kubeconfig-files.ts';
export type {
  CreateOptions,
  DeleteRequestOptions,
  GetOptions,
  JsonPatchOperation,
  ListOptions,
  ListResult,
  Patch,
  PatchType,
  RequestOptions,
  Selection,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client-options.ts';
export { collectionPath, objectPath, pathWithQuery } from './request-path.ts';
export { genericFailure } from './response-error.ts';
export type { Scale, TokenRequest, TokenRequestSpec } from './subresource-types.ts';
export type { HttpTransportOptions } from './tls-options.ts';
export {
  TransportError,
  type ApiRequest,
  type ApiResponse,
  type ByteStream,
  type Transport,
  type WatchFrame,
} from './transport.ts';
export { waitForServer } from './wait-for-server.ts';
export { openWebSocket, type WebSocketRequest } from './web-socket.ts';
export type { WebSocket } from 'ws';
