/** Upper bounds of seconds. Source: pkg/proxy/metrics/metrics.go (v1.36), ExponentialBuckets(0.001, 2, 15) */
const BUCKETS = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

/**
 * What `/metrics` shows of the proxy's work.
 *
 * Mirrors: pkg/proxy/metrics/metrics.go (v1.36)
 */
export class ProxyMetrics {
  readonly #buckets = BUCKETS.map(() => 0);
  #syncs = 0;
  #syncSeconds = 0;
  #failures = 0;
  #serviceChanges = 0;
  #endpointChanges = 0;
  #lastSync = 0;
  #lastQueued = 0;
  #withoutLocal = { internal: 0, external: 0 };

  serviceChanged(nowMs: number): void {
    this.#serviceChanges++;
    this.#lastQueued = nowMs / 1000;
  }

  endpointsChanged(nowMs: number): void {
    this.#endpointChanges++;
    this.#lastQueued = nowMs / 1000;
  }

  synced(nowMs: number, durationMs: number): void {
    const seconds = durationMs / 1000;
    this.#syncs++;
    this.#syncSeconds += seconds;
    this.#lastSync = nowMs / 1000;
    BUCKETS.forEach((bound, index) => (this.#buckets[index]! += Number(seconds <= bound)));
  }

  syncFailed(): void {
    this.#failures++;
  }

  /** Service ports of a policy Local without an endpoint here. */
  withoutLocalEndpoints(counts: { readonly internal: number; readonly external: number }): void {
    this.#withoutLocal = counts;
  }

  /** In Prometheus' text format. */
  text(): string {
    const duration = 'kubeproxy_sync_proxy_rules_duration_seconds';
    const policy = 'kubeproxy_sync_proxy_rules_no_local_endpoints_total';
    const { internal, external } = this.#withoutLocal;
    return [
      ...head(duration, 'SyncProxyRules latency in seconds', 'histogram'),
      ...BUCKETS.map((bound, index) => `${duration}_bucket{le="${bound}"} ${this.#buckets[index]}`),
      `${duration}_bucket{le="+Inf"} ${this.#syncs}`,
      `${duration}_sum ${this.#syncSeconds}`,
      `${duration}_count ${this.#syncs}`,
      ...single(
        'last_timestamp_seconds',
        'The last time proxy rules were successfully synced',
        'gauge',
        this.#lastSync,
      ),
      ...single(
        'last_queued_timestamp_seconds',
        'The last time a sync of proxy rules was queued',
        'gauge',
        this.#lastQueued,
      ),
      ...single('service_changes_total', 'Cumulative proxy rules Service changes', 'counter', this.#serviceChanges),
      ...single('endpoint_changes_total', 'Cumulative proxy rules Endpoint changes', 'counter', this.#endpointChanges),
      ...single('nftables_sync_failures_total', 'Cumulative proxy nftables sync failures', 'counter', this.#failures),
      ...head(policy, 'Number of services with a Local traffic policy and no endpoints', 'gauge'),
      `${policy}{traffic_policy="external"} ${external}`,
      `${policy}{traffic_policy="internal"} ${internal}`,
      '',
    ].join('\n');
  }
}

function head(name: string, help: string, type: string): readonly string[] {
  return [`# HELP ${name} [ALPHA] ${help}`, `# TYPE ${name} ${type}`];
}

function single(suffix: string, help: string, type: string, value: number): readonly string[] {
  const name = `kubeproxy_sync_proxy_rules_${suffix}`;
  return [...head(name, help, type), `${name} ${value}`];
}
