import { canonicalQuantity, durationToMs, isZeroQuantity, parseQuantity, quantityToNumber } from '@kts/apimachinery';

/** What of the node may run short. */
export type Signal =
  | 'memory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

/** What pods use of it; `inodes` and `pids` are no resources that pods can ask for. */
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';

interface SignalFacts {
  readonly condition: PressureCondition;
  readonly resource: StarvedResource;
}

export const SIGNALS: Readonly<Record<Signal, SignalFacts>> = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
};

/** An amount, or a share of the capacity from 0 to 1. */
export type ThresholdValue = { readonly quantity: string } | { readonly share: number };

/** Less than `value` is too little. */
export interface Threshold {
  readonly signal: Signal;
  readonly value: ThresholdValue;
  /** 0: a hard threshold. */
  readonly graceMs: number;
  /** How much more than `value` must be free again before it is enough. */
  readonly minReclaim?: ThresholdValue;
}

/** Settings by signal, as KubeletConfiguration has them. */
export interface EvictionSettings {
  readonly evictionHard: Readonly<Record<string, string>>;
  readonly evictionSoft: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod: Readonly<Record<string, string>>;
  readonly evictionMinimumReclaim: Readonly<Record<string, string>>;
}

/**
 * Throws for signals that there are not and amounts that make no sense.
 *
 * Mirrors: pkg/kubelet/eviction/helpers.go, ParseThresholdConfig (v1.36)
 * Differs: no `containerfs` signals, because containers' writable layers are on the image file system here.
 */
export function parseThresholds(settings: EvictionSettings): readonly Threshold[] {
  const hard = Object.entries(settings.evictionHard).flatMap(([name, text]) => parseThreshold(name, text, 0));
  const soft = Object.entries(settings.evictionSoft).flatMap(([name, text]) => {
    const grace = settings.evictionSoftGracePeriod[name];
    if (grace === undefined) {
      throw new Error(`grace period must be specified for the soft eviction threshold ${name}`);
    }
    return parseThreshold(name, text, parseGracePeriod(grace));
  });
  const reclaims = new Map(
    Object.entries(settings.evictionMinimumReclaim).map(([name, text]) => [signalOf(name), parseReclaim(name, text)]),
  );
  return [...hard, ...soft].map((threshold) => {
    const minReclaim = reclaims.get(threshold.signal);
    return minReclaim ? { ...threshold, minReclaim } : threshold;
  });
}

/** In units of the signal: bytes, inodes or processes. */
export function amountOf(value: ThresholdValue, capacity: number): number {
  return 'quantity' in value ? quantityToNumber(value.quantity) : Math.floor(capacity * value.share);
}

function parseThreshold(name: string, text: string, graceMs: number): readonly Threshold[] {
  const signal = signalOf(name);
  if (!text.endsWith('%')) {
    const quantity = canonicalQuantity(text);
    if (isNegative(quantity) || isZeroQuantity(quantity)) {
      throw new Error(`eviction threshold ${name} must be positive: ${quantity}`);
    }
    return [{ signal, value: { quantity }, graceMs }];
  }
  // These say that the signal is not to be looked at.
  if (text === '0%' || text === '100%') return [];
  const share = parseShare(text);
  if (share < 0) throw new Error(`eviction percentage threshold ${name} must be >= 0%: ${text}`);
  if (share > 1) throw new Error(`eviction percentage threshold ${name} must be <= 100%: ${text}`);
  return [{ signal, value: { share }, graceMs }];
}

function parseReclaim(name: string, text: string): ThresholdValue {
  if (!text.endsWith('%')) {
    const quantity = canonicalQuantity(text);
    if (isNegative(quantity)) throw new Error(`negative eviction minimum reclaim specified for ${name}`);
    return { quantity };
  }
  const share = parseShare(text);
  if (share <= 0) throw new Error(`eviction percentage minimum reclaim ${name} must be positive: ${text}`);
  return { share };
}

function parseGracePeriod(text: string): number {
  const ms = durationToMs(text);
  if (ms < 0) throw new Error(`invalid eviction grace period specified: ${text}, must be a positive value`);
  return ms;
}

function signalOf(name: string): Signal {
  if (!Object.hasOwn(SIGNALS, name)) throw new Error(`unsupported eviction signal ${name}`);
  return name as Signal;
}

function parseShare(text: string): number {
  const percent = Number(text.slice(0, -1));
  if (text === '%' || Number.isNaN(percent)) throw new Error(`invalid eviction percentage ${JSON.stringify(text)}`);
  return percent / 100;
}

function isNegative(quantity: string): boolean {
  return parseQuantity(quantity).unscaled < 0n;
}
