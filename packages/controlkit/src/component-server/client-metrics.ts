/**
 * Counts what a component asks of the API server.
 *
 * Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/restclient/metrics.go (v1.36)
 */
import { StatusError } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import type { ApiRequest, Transport } from '@kts/client';

import { formatHistograms, formatMetric, Histogram } from './metrics-text.ts';

const BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** What stands for the status of a request that got no answer. */
const NO_ANSWER = '<error>';

interface Requests {
  readonly labels: Readonly<Record<'code' | 'host' | 'method', string>>;
  value: number;
}

export class ClientMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #host: string;
  readonly #requests = new Map<string, Requests>();
  readonly #durations = new Map<string, Histogram>();

  /** The server's address as it is published: host and port. */
  constructor(host: string, clock: Pick<Clock, 'monotonic'>) {
    this.#host = host;
    this.#clock = clock;
  }

  /** The same transport, counted. */
  measure(transport: Transport): Transport {
    return {
      request: (request) => this.#count(request, transport.request(request), ({ status }) => status),
      watch: (request) => this.#count(request, transport.watch(request), () => 200),
      stream: (request) => this.#count(request, transport.stream(request), ({ status }) => status),
      close: () => transport.close(),
    };
  }

  lines(): readonly string[] {
    return [
      ...formatHistograms(
        'rest_client_request_duration_seconds',
        '[ALPHA] Request latency in seconds. Broken down by verb, and host.',
        [...this.#durations].map(([verb, histogram]) => ({ labels: { host: this.#host, verb }, histogram })),
      ),
      ...formatMetric(
        'rest_client_requests_total',
        'counter',
        '[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.',
        [...this.#requests.values()],
      ),
    ];
  }

  async #count<T>({ method }: ApiRequest, answer: Promise<T>, statusOf: (answer: T) => number): Promise<T> {
    const since = this.#clock.monotonic();
    let code = NO_ANSWER;
    try {
      const answered = await answer;
      code = String(statusOf(answered));
      return answered;
    } catch (error) {
      if (error instanceof StatusError) code = String(error.code);
      throw error;
    } finally {
      const seconds = (this.#clock.monotonic() - since) / 1000;
      this.#durations.getOrInsertComputed(method, () => new Histogram(BOUNDS)).observe(seconds);
      const labels = { code, host: this.#host, method };
      this.#requests.getOrInsertComputed(`${method} ${code}`, () => ({ labels, value: 0 })).value++;
    }
  }
}
