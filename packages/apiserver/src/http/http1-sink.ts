import type { ServerResponse } from 'node:http';

import { waitForDrain } from './http2-sink.ts';
import type { ResponseSink } from './response-sink.ts';

const NOTHING = new Uint8Array();

export function http1Sink(response: ServerResponse): ResponseSink {
  return {
    head(status, headers, last) {
      if (response.headersSent) return;
      response.writeHead(status, headers);
      if (last) response.end();
      // A watch may have nothing to say for a long time, but its client waits for the head.
      // `flushHeaders` would write it as UTF-8, but its values are bytes already.
      else response.write(NOTHING);
    },
    write: (bytes) => response.write(bytes),
    end(bytes) {
      if (bytes) response.end(bytes);
      else response.end();
    },
    drained: () => waitForDrain(response),
    destroy: () => void response.destroy(),
    get closed() {
      return response.destroyed || response.writableEnded;
    },
    onClose: (callback) => void response.once('close', callback),
  };
}
