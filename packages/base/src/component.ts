/** One named check of `/livez`, `/readyz` or `/healthz`. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves if healthy; rejects with what is wrong. */
  check(): Promise<void>;
}

/**
 * A part of a cluster: API server, scheduler, kubelet. `createX(config, deps)` makes it without starting anything.
 */
export interface Component {
  readonly name: string;
  /** Runs until `signal` is aborted; resolves when everything it started has stopped; rejects if it cannot go on. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the component does its work for the first time. */
  readonly ready: Promise<void>;
  readonly healthChecks?: readonly HealthCheck[];
}
