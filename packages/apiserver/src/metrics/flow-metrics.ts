/**
 * How priority levels and the flows in them are doing. Everything but the waiting is read when somebody asks.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go (v1.36)
 */
import { gauge, Histogram, readCounter, type Metric } from '@kts/base';

import type { Flow } from '../flowcontrol/classifier.ts';
import type { FlowTally, LevelState } from '../flowcontrol/flow-controller.ts';

const PREFIX = 'apiserver_flowcontrol_';
const FLOW_LABELS = ['priority_level', 'flow_schema'];
const WAIT_BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

export interface FlowMetrics {
  readonly metrics: readonly Metric[];
  readonly onWait: (flow: Flow, executed: boolean, waitedMs: number) => void;
}

/** `levels` are those of the controller, which is made with `onWait`. */
export function flowMetrics(levels: () => ReadonlyMap<string, LevelState>): FlowMetrics {
  const waits = new Histogram(
    `${PREFIX}request_wait_duration_seconds`,
    'Length of time a request spent waiting in its queue',
    [...FLOW_LABELS, 'execute'],
    WAIT_BUCKETS,
  );
  return {
    metrics: [...levelGauges(levels), ...flowGauges(levels), ...flowCounters(levels), waits],
    onWait: ({ levelName, schemaName }, executed, waitedMs) =>
      waits.observe([levelName, schemaName, String(executed)], waitedMs / 1000),
  };
}

function levelGauges(levels: () => ReadonlyMap<string, LevelState>): readonly Metric[] {
  const one = (name: string, help: string, read: (state: LevelState) => number): Metric =>
    gauge(PREFIX + name, help, ['priority_level'], () =>
      [...levels()].map(([level, state]) => [[level], read(state)] as const),
    );
  return [
    one(
      'nominal_limit_seats',
      'Nominal number of execution seats configured for each priority level',
      ({ queues }) => queues.limits.nominalSeats,
    ),
    one(
      'lower_limit_seats',
      'Configured lower bound on number of execution seats available to each priority level',
      ({ queues }) => queues.limits.minSeats,
    ),
    one(
      'upper_limit_seats',
      'Configured upper bound on number of execution seats available to each priority level',
      ({ queues }) => queues.limits.maxSeats,
    ),
    one(
      'current_limit_seats',
      'current derived number of execution seats available to each priority level',
      ({ queues }) => queues.seats,
    ),
    one('demand_seats_smoothed', 'Smoothed seat demands', ({ smoothed }) => smoothed),
  ];
}

function flowGauges(levels: () => ReadonlyMap<string, LevelState>): readonly Metric[] {
  const one = (name: string, help: string, read: (tally: FlowTally) => number): Metric =>
    gauge(PREFIX + name, help, FLOW_LABELS, () =>
      [...tallies(levels())].map(([level, schema, tally]) => [[level, schema], read(tally)] as const),
    );
  return [
    one(
      'current_executing_requests',
      'Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem',
      ({ executing }) => executing,
    ),
    one(
      'current_executing_seats',
      'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem',
      ({ seats }) => seats,
    ),
    one(
      'current_inqueue_requests',
      'Number of requests currently pending in queues of the API Priority and Fairness subsystem',
      ({ inQueue }) => inQueue,
    ),
    one(
      'current_inqueue_seats',
      'Number of seats currently pending in queues of the API Priority and Fairness subsystem',
      ({ seatsInQueue }) => seatsInQueue,
    ),
  ];
}

function flowCounters(levels: () => ReadonlyMap<string, LevelState>): readonly Metric[] {
  return [
    readCounter(
      `${PREFIX}dispatched_requests_total`,
      'Number of requests executed by API Priority and Fairness subsystem',
      FLOW_LABELS,
      () => [...tallies(levels())].map(([level, schema, { dispatched }]) => [[level, schema], dispatched] as const),
    ),
    readCounter(
      `${PREFIX}rejected_requests_total`,
      'Number of requests rejected by API Priority and Fairness subsystem',
      [...FLOW_LABELS, 'reason'],
      () =>
        [...tallies(levels())].flatMap(([level, schema, { rejected }]) =>
          Object.entries(rejected).map(([reason, count]) => [[level, schema, reason], count] as const),
        ),
    ),
  ];
}

function* tallies(levels: ReadonlyMap<string, LevelState>): Iterable<readonly [string, string, FlowTally]> {
  for (const [level, state] of levels) {
    for (const [schema, tally] of state.tallies) yield [level, schema, tally];
  }
}
