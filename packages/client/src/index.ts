export {
  TransportError,
  type ApiRequest,
  type ApiResponse,
  type ByteStream,
  type Transport,
  type WatchFrame,
} from './transport.ts';
