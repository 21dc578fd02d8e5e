/**
 * Asks kubelets what their nodes use, when somebody wants to know and what is known is old.
 *
 * Mirrors: metrics-server pkg/scraper/scraper.go (v0.8)
 * Differs: metrics-server asks every kubelet every 15 seconds whether anybody wants to know or not. Here the first to ask
 * about a node waits while it is sampled twice, a second apart; whoever asks again later gets the rate since then.
 */
import { forEachLimit, onAbort, type Clock, type Logger, type Timer } from '@kts/base';

import type { NodeSample } from './node-sample.ts';
import { addSample, SAMPLES_KEPT_MS, type NodeSamples } from './usage.ts';

/** What a kubelet says now. Rejects if it cannot be asked. */
export type AskKubelet = (node: string, signal: AbortSignal) => Promise<NodeSample>;

export interface NodeSamplerParts {
  readonly ask: AskKubelet;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/** What is younger is good enough. Less than the autoscaler's period of 15 seconds, which gets a new sample each time. */
const SAMPLE_AGE_MS_MAX = 10_000;
/** Between the two samples of a node that nobody has asked about lately. */
const FIRST_WINDOW_MS = 1_000;
const KUBELETS_AT_A_TIME = 50;

/** When a node was last asked, in the clock's monotonic time, and what is known of it since. */
interface NodeState {
  readonly askedAt: number;
  /** Absent: it could not be asked. */
  readonly samples?: NodeSamples;
}

export class NodeSampler {
  readonly #parts: NodeSamplerParts;
  readonly #nodes = new Map<string, NodeState>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Nodes of which it was said that they cannot be asked. */
  readonly #failing = new Set<string>();
  #forget: Timer | undefined;

  constructor(parts: NodeSamplerParts) {
    this.#parts = parts;
    onAbort(parts.signal, () => this.#forget?.cancel());
  }

  /**
   * What is known of these nodes, no older than ten seconds. Those that cannot be asked are missing; nobody waits a
   * second time for one that has not answered.
   */
  async sample(names: Iterable<string>): Promise<ReadonlyMap<string, NodeSamples>> {
    const wanted = [...names];
    const now = this.#parts.clock.monotonic();
    const due = wanted.filter((name) => !this.#underWay.has(name) && isDue(this.#nodes.get(name), now));
    const isFailing = (name: string): boolean => this.#failing.has(name);
    this.#start(due.filter((name) => !isFailing(name)));
    this.#start(due.filter(isFailing));
    const patient = wanted.filter((name) => !isFailing(name));
    await Promise.all(new Set(patient.flatMap((name) => this.#underWay.get(name) ?? [])));
    const found = wanted.map((name) => [name, this.#nodes.get(name)?.samples] as const);
    return new Map(found.filter((pair): pair is readonly [string, NodeSamples] => pair[1] !== undefined));
  }

  #start(names: readonly string[]): void {
    if (names.length === 0) return;
    const round = this.#round(names);
    // It fails when it is stopped, and whoever waits for it is told so.
    round.catch(() => {});
    for (const name of names) this.#underWay.set(name, round);
  }

  async #round(names: readonly string[]): Promise<void> {
    const { clock, signal } = this.#parts;
    try {
      this.#forgetOld();
      await forEachLimit(names, KUBELETS_AT_A_TIME, (name) => this.#ask(name));
      const first = names.filter((name) => isFirst(this.#nodes.get(name)));
      if (first.length > 0) {
        await clock.sleep(FIRST_WINDOW_MS, signal);
        await forEachLimit(first, KUBELETS_AT_A_TIME, (name) => this.#ask(name));
      }
    } finally {
      for (const name of names) this.#underWay.delete(name);
      this.#forgetLater();
    }
  }

  async #ask(name: string): Promise<void> {
    const { ask, clock, log, signal } = this.#parts;
    const askedAt = clock.monotonic();
    try {
      const sample = await ask(name, signal);
      this.#nodes.set(name, { askedAt, samples: addSample(this.#nodes.get(name)?.samples, sample) });
      this.#failing.delete(name);
    } catch (error) {
      signal.throwIfAborted();
      this.#nodes.set(name, { askedAt });
      if (this.#failing.has(name)) return;
      this.#failing.add(name);
      log.error('failed to scrape node', { node: name, error });
    }
  }

  #forgetOld(): void {
    const oldest = this.#parts.clock.monotonic() - SAMPLES_KEPT_MS;
    for (const [name, { askedAt }] of this.#nodes) if (askedAt <= oldest) this.#nodes.delete(name);
  }

  /** So that samples do not stay in memory when nobody asks any more. */
  #forgetLater(): void {
    const { clock, signal } = this.#parts;
    this.#forget?.cancel();
    if (signal.aborted) return;
    this.#forget = clock.after(SAMPLES_KEPT_MS, () => {
      this.#nodes.clear();
      this.#failing.clear();
    });
  }
}

function isDue(state: NodeState | undefined, now: number): boolean {
  return state === undefined || now - state.askedAt >= SAMPLE_AGE_MS_MAX;
}

function isFirst(state: NodeState | undefined): boolean {
  return state?.samples?.last.node !== undefined && state.samples.previous.node === undefined;
}
