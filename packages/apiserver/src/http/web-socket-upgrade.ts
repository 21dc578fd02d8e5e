import type { WebSocketUpgrade } from '@kts/client';

import type { ApiServerRequest } from '../request.ts';

/** The upgrade, if the client asks for a WebSocket. */
export function webSocketUpgrade({ connection }: Pick<ApiServerRequest, 'connection'>): WebSocketUpgrade | undefined {
  if (connection.kind !== 'http' || !connection.upgrade) return undefined;
  const { upgrade } = connection;
  return upgrade.request.headers.upgrade?.toLowerCase() === 'websocket' ? upgrade : undefined;
}
