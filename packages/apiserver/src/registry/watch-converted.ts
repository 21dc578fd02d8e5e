import { toStatus } from '@kts/apimachinery';

import { objectFrame } from '../cache/cache-event.ts';
import type { WatchSink, WatchStream, WatchStreamEvent } from '../response.ts';

/** A watch whose events wait for the conversion of their objects. Ends with an error where that fails. */
export function watchConverted(stream: WatchStream): WatchStream {
  let sink: WatchSink | undefined;
  let last: Promise<void> = Promise.resolve();
  const deliver = async (events: readonly WatchStreamEvent[]): Promise<void> => {
    try {
      await Promise.all(events.map(async (event) => event.ready?.()));
    } catch (error) {
      sink?.send([objectFrame('ERROR', () => toStatus(error))]);
      sink?.end();
      sink = undefined;
      stream.close();
      return;
    }
    const settled = events
      .map((event) => (event.settled ? event.settled() : event))
      .filter((event) => event !== undefined);
    if (settled.length === 0 || sink?.send(settled)) stream.drained();
  };
  return {
    start: (to) => {
      sink = to;
      stream.start({
        send: (events) => {
          last = last.then(() => deliver(events));
          // The next events come when these are on their way.
          return false;
        },
        end: () => void last.then(() => sink?.end()),
      });
    },
    drained: () => stream.drained(),
    close: () => {
      sink = undefined;
      stream.close();
    },
    onEnd: (listener) => stream.onEnd(listener),
  };
}
