import { CelError, type CelValue } from './value.ts';

/** What one evaluation keeps: its variables' values, those of its folds, and what it has cost. */
export class Frame {
  readonly #resolve: (index: number) => CelValue;
  readonly #variables: (CelValue | undefined)[] = [];
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  /** By slots, which the plan gives to the variables of folds. */
  readonly locals: (CelValue | undefined)[] = [];
  cost = 0;
  #iterations = 0;

  constructor(resolve: (index: number) => CelValue, limit: number, signal: AbortSignal | undefined) {
    this.#resolve = resolve;
    this.#limit = limit;
    this.#signal = signal;
  }

  variable(index: number): CelValue {
    const known = this.#variables[index];
    if (known !== undefined) return known;
    const value = this.#resolve(index);
    this.#variables[index] = value;
    return value;
  }

  /** Throws CostExceeded. */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }

  /** Called once for each step of a fold; true: it should end. */
  isInterrupted(): boolean {
    return this.#signal !== undefined && ++this.#iterations % CHECK_FREQUENCY === 0 && this.#signal.aborted;
  }
}

const CHECK_FREQUENCY = 100;

/** Ends an evaluation at once: this error cannot be absorbed by `||` or `&&`. */
export class CostExceeded extends Error {}

export const COST_EXCEEDED = new CelError('operation cancelled: actual cost limit exceeded', 'costExceeded');
export const INTERRUPTED = new CelError('operation interrupted', 'interrupted');
