/**
 * How long those who are refused are to stay away: longer, the more are refused.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go (v1.36)
 */
const RETRY_AFTER_SECONDS_MAX = 32;

export class DroppedRequests {
  #history: { readonly second: number; readonly count: number }[] = [];
  #second = 0;
  #count = 0;
  #updatedAt = 0;
  retryAfterSeconds = 1;

  /** `now` in milliseconds. */
  record(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) {
      this.#count++;
      return;
    }
    this.#remember();
    this.#second = second;
    this.#count = 1;
    this.#update(second);
  }

  #remember(): void {
    const oldest = this.#second - Math.min(2 * this.retryAfterSeconds, RETRY_AFTER_SECONDS_MAX);
    this.#history = [...this.#history, { second: this.#second, count: this.#count }].filter(
      ({ second }) => second >= oldest,
    );
  }

  #update(now: number): void {
    const retryAfter = this.retryAfterSeconds;
    const dropped = this.#history.reduce(
      (sum, { second, count }) => (second < now && now - second <= retryAfter ? sum + count : sum),
      0,
    );
    if (now - this.#updatedAt >= retryAfter && dropped >= 3 * retryAfter) {
      this.retryAfterSeconds = Math.min(2 * retryAfter, RETRY_AFTER_SECONDS_MAX);
      this.#updatedAt = now;
    } else if (dropped < retryAfter && retryAfter > 1) this.retryAfterSeconds--;
  }
}
