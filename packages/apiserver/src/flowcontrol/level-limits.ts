/**
 * What priority levels get of the server's seats. Pure.
 *
 * Mirrors: finishQueueSetReconfigsLocked in staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (v1.36)
 */
import type { PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';

export interface LevelLimits {
  readonly name: string;
  /** Its requests never wait. */
  readonly exempt: boolean;
  /** Its share of the server's seats. */
  readonly nominalSeats: number;
  /** What is left to it when it lends all that it lends. */
  readonly minSeats: number;
  /** What it can come to by borrowing. */
  readonly maxSeats: number;
  /** Absent: what finds no seat is refused at once. */
  readonly queuing?: Queuing;
}

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthMax: number;
}

const DEFAULT_SHARES = 30;
const DEFAULT_QUEUING: Queuing = { queues: 64, handSize: 8, queueLengthMax: 50 };

/** The limits of all levels that share `serverSeats`. */
export function levelLimits(levels: Iterable<PriorityLevelConfiguration>, serverSeats: number): readonly LevelLimits[] {
  const all = [...levels];
  const total = all.reduce((sum, level) => sum + sharesOf(level), 0);
  return all.map((level) => {
    const { type, limited, exempt } = level.spec ?? {};
    const nominalSeats = total === 0 ? 0 : Math.ceil((serverSeats * sharesOf(level)) / total);
    const lendable = type === 'Exempt' ? exempt?.lendablePercent : limited?.lendablePercent;
    const borrowing = type === 'Exempt' ? undefined : limited?.borrowingLimitPercent;
    const queuing = type === 'Exempt' ? undefined : queuingOf(level);
    return {
      name: level.metadata.name,
      exempt: type === 'Exempt',
      nominalSeats,
      minSeats: nominalSeats - Math.round((nominalSeats * (lendable ?? 0)) / 100),
      maxSeats: nominalSeats + (borrowing === undefined ? serverSeats : Math.round((nominalSeats * borrowing) / 100)),
      ...(queuing ? { queuing } : {}),
    };
  });
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  if (spec?.type === 'Exempt') return spec.exempt?.nominalConcurrencyShares ?? 0;
  return spec?.limited?.nominalConcurrencyShares ?? DEFAULT_SHARES;
}

function queuingOf({ spec }: PriorityLevelConfiguration): Queuing | undefined {
  const response = spec?.limited?.limitResponse;
  if (response?.type === 'Reject') return undefined;
  const { queues, handSize, queueLengthLimit } = response?.queuing ?? {};
  return {
    queues: queues || DEFAULT_QUEUING.queues,
    handSize: handSize || DEFAULT_QUEUING.handSize,
    queueLengthMax: queueLengthLimit || DEFAULT_QUEUING.queueLengthMax,
  };
}
