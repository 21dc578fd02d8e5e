/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';

import { objectFrame } from '../cache/cache-event.ts';
import type { WatchSink, WatchStream, WatchStreamEvent } from '../response.ts';
import { tableColumns } from '../table/table.ts';
import type { View } from './view.ts';

/**
 * A watch whose events depend on each other in the view that the client asked for. Only the first table of a watch says
 * what its columns are. A list cannot be made of an event, which ends a watch that asks for lists.
 */
export function watchInView(stream: WatchStream, definition: ResourceDefinition, view: View): WatchStream {
  switch (view.kind) {
    case 'table':
      return withSink(stream, (sink) => withColumnsOnce(sink, definition));
    case 'metadataList':
      return withSink(stream, (sink) => ({
        send: () => {
          sink.end();
          stream.close();
          return true;
        },
        end: () => sink.end(),
      }));
    case 'object':
    case 'metadata':
      return stream;
  }
}

function withSink(stream: WatchStream, wrap: (sink: WatchSink) => WatchSink): WatchStream {
  return {
    start: (sink) => stream.start(wrap(sink)),
    drained: () => stream.drained(),
    close: () => stream.close(),
    onEnd: (listener) => stream.onEnd(listener),
  };
}

const ROWS: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

function withColumnsOnce(sink: WatchSink, definition: ResourceDefinition): WatchSink {
  let said = false;
  const withColumns = (event: WatchStreamEvent): WatchStreamEvent => {
    if (said || !ROWS.has(event.type)) return event;
    said = true;
    return objectFrame(event.type, () => ({ ...event.object(), columnDefinitions: tableColumns(definition) }));
  };
  return { send: (events) => sink.send(said ? events : events.map(withColumns)), end: () => sink.end() };
}
