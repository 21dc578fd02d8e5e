import type { ServerHttp2Stream } from 'node:http2';

import type { ResponseSink } from './response-sink.ts';

export function http2Sink(stream: ServerHttp2Stream): ResponseSink {
  return {
    head(status, headers, last) {
      if (stream.headersSent || stream.destroyed) return;
      stream.respond({ ':status': status, ...headers }, { endStream: last });
    },
    write: (bytes) => !stream.destroyed && stream.write(bytes),
    end(bytes) {
      if (stream.destroyed) return;
      if (bytes) stream.end(bytes);
      else stream.end();
    },
    drained: () => waitForDrain(stream),
    destroy: () => stream.close(),
    get closed() {
      return stream.destroyed || stream.closed;
    },
    onClose: (callback) => void stream.once('close', callback),
  };
}

interface Drainable {
  readonly destroyed: boolean;
  readonly writableNeedDrain: boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Resolves on `drain` or `close`, whichever comes first, and leaves no listener behind. */
export function waitForDrain(stream: Drainable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    stream.off('drain', done);
    stream.off('close', done);
    resolve();
  };
  stream.once('drain', done);
  stream.once('close', done);
  return promise;
}
