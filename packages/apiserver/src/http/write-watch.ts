import type { ApiServerRequest } from '../request.ts';
import type { WatchStream, WatchStreamEvent } from '../response.ts';
import { JSON_TYPE, negotiate, notAcceptable, PROTOBUF_TYPE } from './negotiation.ts';
import type { ObjectEncoder } from './object-encoder.ts';
import type { ResponseSink } from './response-sink.ts';
import { answerHeaders, join } from './answer-headers.ts';
import { webSocketUpgrade } from './web-socket-upgrade.ts';

/** Before every protobuf frame of a stream; a message of a WebSocket has its own. */
const LENGTH_PREFIX_BYTES = 4;

/** Writes the events of a watch as they come; the connection's own buffer tells how fast. Resolves when it has ended. */
export async function writeWatch(
  request: ApiServerRequest,
  watch: WatchStream,
  sink: ResponseSink,
  objects: ObjectEncoder,
): Promise<void> {
  const accepted = negotiate(request.headers['accept'], () => true, true);
  if (!accepted) {
    watch.close();
    throw notAcceptable(true);
  }
  const protobuf = accepted.mediaType === PROTOBUF_TYPE;
  const frame: (event: WatchStreamEvent) => Uint8Array = protobuf
    ? (event) => objects.watchFrame(event)
    : (event) => event.jsonFrame();
  const upgrade = webSocketUpgrade(request);
  if (upgrade) {
    const { writeWatchMessages } = await import('./write-web-socket.ts');
    const message = protobuf ? (event: WatchStreamEvent) => frame(event).subarray(LENGTH_PREFIX_BYTES) : frame;
    return writeWatchMessages(upgrade, watch, sink, message, protobuf);
  }
  const contentType = protobuf ? `${PROTOBUF_TYPE};stream=watch` : JSON_TYPE;
  sink.head(200, { ...answerHeaders(request), 'content-type': contentType }, false);

  const { promise, resolve } = Promise.withResolvers<void>();
  let ended = false;
  sink.onClose(() => {
    if (!ended) watch.close();
    ended = true;
    resolve();
  });
  watch.start({
    send(events) {
      if (sink.closed) return true;
      const only = events.length === 1 ? events[0] : undefined;
      if (sink.write(only ? frame(only) : join(events.map(frame)))) return true;
      void sink.drained().then(() => {
        if (!ended) watch.drained();
      });
      return false;
    },
    end() {
      if (ended) return;
      ended = true;
      sink.end();
      resolve();
    },
  });
  await promise;
}
