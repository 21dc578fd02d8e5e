import { keyText, type ObjectKey } from '@kts/apimachinery';

/** Smaller Services are brought up to date at once. */
const ENDPOINTS_MIN = 100;
const MS_PER_ENDPOINT = 0.1;
const DELAY_MAX_MS = 500;

/**
 * How long changes of a Service's pods are gathered: in proportion to its pods, each of which is looked at every time.
 * Without it, n pods that become ready one after the other would cost n squared.
 */
export class ChangeBatching {
  readonly #periodMs: number;
  readonly #sizes = new Map<string, number>();

  /** @param periodMs for Services of any size */
  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Takes note of how many pods the Service has. */
  note(key: ObjectKey, size: number): void {
    if (size < ENDPOINTS_MIN) this.#sizes.delete(keyText(key));
    else this.#sizes.set(keyText(key), size);
  }

  delayMs(key: ObjectKey): number {
    const bySize = Math.min((this.#sizes.get(keyText(key)) ?? 0) * MS_PER_ENDPOINT, DELAY_MAX_MS);
    return Math.max(bySize, this.#periodMs);
  }
}
