/**
 * What is counted about requests.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go (v1.36)
 */
import { type Clock, Counter, gauge, Histogram, type MetricRegistry } from '@kts/base';

import { isLongRunning } from '../chain/long-running.ts';
import type { InFlight } from '../chain/priority-and-fairness.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
import { VERSION_INFO } from '../version.ts';

const LATENCY_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const REQUEST_LABELS = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'];
const DURATION_LABELS = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
const RUNNING_LABELS = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];

/** Counts everything that `answer` answers. */
export function measuringRequests(
  answer: Handler,
  registry: MetricRegistry,
  inFlight: InFlight,
  clock: Pick<Clock, 'monotonic'>,
): Handler {
  const total = registry.register(
    new Counter(
      'apiserver_request_total',
      'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      REQUEST_LABELS,
    ),
  );
  const duration = registry.register(
    new Histogram(
      'apiserver_request_duration_seconds',
      'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      DURATION_LABELS,
      LATENCY_BUCKETS,
    ),
  );
  const longRunning = registry.register(
    new Counter(
      'apiserver_longrunning_requests',
      'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      RUNNING_LABELS,
      'gauge',
    ),
  );
  registerServerMetrics(registry, inFlight);
  const known = new Map<string, RequestSeries>();
  return async (request) => {
    const started = clock.monotonic();
    const response = await answer(request);
    const { group, version, resource, subresource, verb } = request.info;
    const dryRun = request.query.get('dryRun') ? 'All' : '';
    const scope = scopeOf(request);
    const code = 'status' in response ? response.status : 200;
    if (isLongRunning(request.info)) {
      const shown = verb.toUpperCase();
      total.add([shown, dryRun, group, version, resource, subresource, scope, 'apiserver', String(code)]);
      countWhileOpen(response, longRunning, [shown, group, version, resource, subresource, scope, 'apiserver']);
      return response;
    }
    const key = `${verb} ${dryRun} ${group} ${version} ${resource} ${subresource} ${scope} ${code}`;
    let series = known.get(key);
    if (!series) {
      const labels = [verb.toUpperCase(), dryRun, group, version, resource, subresource, scope, 'apiserver'];
      series = { total: total.of([...labels, String(code)]), duration: duration.of(labels) };
      known.set(key, series);
    }
    series.total.value++;
    series.duration.observe((clock.monotonic() - started) / 1000);
    return response;
  };
}

/** What requests of one kind are counted by. */
interface RequestSeries {
  readonly total: { value: number };
  readonly duration: { observe(value: number): void };
}

/** A watch counts from its start to its end. */
function countWhileOpen(response: ApiServerResponse, running: Counter, labels: readonly string[]): void {
  if (response.kind !== 'watch') return;
  running.add(labels, 1);
  response.watch.onEnd(() => running.add(labels, -1));
}

function registerServerMetrics(registry: MetricRegistry, inFlight: InFlight): void {
  registry.register(
    gauge(
      'apiserver_current_inflight_requests',
      'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      ['request_kind'],
      () => [
        [['mutating'], inFlight.mutating],
        [['readOnly'], inFlight.readOnly],
      ],
    ),
  );
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } = VERSION_INFO;
  registry.register(
    gauge(
      'kubernetes_build_info',
      'A metric with a constant 1 value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.',
      [
        'major',
        'minor',
        'git_version',
        'git_commit',
        'git_tree_state',
        'build_date',
        'go_version',
        'compiler',
        'platform',
      ],
      () => [[[major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform], 1]],
    ),
  );
}

function scopeOf({ info }: ApiServerRequest): string {
  if (info.name !== '' || info.verb === 'create') return 'resource';
  if (info.namespace !== '') return 'namespace';
  return info.isResourceRequest ? 'cluster' : '';
}
