import type { MetricRegistry } from '@kts/base';
import type { PathRoute } from '../routing/router.ts';

const encoder = new TextEncoder();

export function metricsRoute(path: string, registry: MetricRegistry): PathRoute {
  return {
    path,
    handler: () =>
      Promise.resolve({
        kind: 'bytes',
        status: 200,
        contentType: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
        body: encoder.encode(registry.expose()),
      }),
  };
}
