import type { Pod } from '@kts/api/types/core-v1';
import type { Clock } from '@kts/base';
import { isRestartableInitContainer } from '../pod/containers.ts';

/**
 * Sidecars stop after the regular containers, in the reverse of the order they were started in.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_termination_order.go (v1.36)
 */
export class TerminationOrder {
  readonly #clock: Clock;
  readonly #ended = new Map<string, { readonly promise: Promise<void>; readonly resolve: () => void }>();
  readonly #before = new Map<string, readonly string[]>();

  constructor(pod: Pod, running: readonly string[], clock: Clock) {
    this.#clock = clock;
    const main = pod.spec.containers.map((container) => container.name);
    const init = (pod.spec.initContainers ?? []).toReversed();
    for (const name of [...main, ...init.map((container) => container.name)]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ended.set(name, { promise, resolve });
      if (!running.includes(name)) resolve();
    }
    let previous: readonly string[] = [];
    for (const sidecar of init.filter(isRestartableInitContainer)) {
      this.#before.set(sidecar.name, [...main, ...previous]);
      previous = [sidecar.name];
    }
  }

  /** Waits for the containers that go first, at most `graceSeconds`. Returns the seconds it took. */
  async waitForTurn(name: string, graceSeconds: number): Promise<number> {
    const before = this.#before.get(name);
    if (!before || graceSeconds <= 0) return 0;
    const start = this.#clock.monotonic();
    const timeout = Promise.withResolvers<void>();
    const timer = this.#clock.after(graceSeconds * 1000, timeout.resolve);
    const ends = before.flatMap((one) => this.#ended.get(one)?.promise ?? []);
    await Promise.race([Promise.all(ends), timeout.promise]);
    timer.cancel();
    return (this.#clock.monotonic() - start) / 1000;
  }

  ended(name: string): void {
    this.#ended.get(name)?.resolve();
  }
}
