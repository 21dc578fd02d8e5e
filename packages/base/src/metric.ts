/**
 * Counters, gauges and histograms in Prometheus' text form.
 *
 * Differs from a library: an observation costs one map look-up, and nothing is loaded before the first scrape.
 */
export interface Metric {
  /** Lines of the text form, with their HELP and TYPE; nothing where there is no value of any labels. */
  expose(): string;
}

interface Count {
  readonly labels: readonly string[];
  value: number;
}

export class Counter implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #values = new Map<string, Count>();

  constructor(name: string, help: string, labels: readonly string[] = [], type: 'counter' | 'gauge' = 'counter') {
    this.#head = head(name, help, type);
    this.#name = name;
    this.#labels = labels;
  }

  /** Label values in the order of the labels. */
  add(labels: readonly string[], amount = 1): void {
    this.of(labels).value += amount;
  }

  set(labels: readonly string[], value: number): void {
    this.of(labels).value = value;
  }

  /** The count of one set of label values, to be kept by those who count often. It is exposed from now on. */
  of(labels: readonly string[]): { value: number } {
    const key = labels.join('\u0000');
    let count = this.#values.get(key);
    if (!count) this.#values.set(key, (count = { labels, value: 0 }));
    return count;
  }

  expose(): string {
    if (this.#values.size === 0) return this.#labels.length === 0 ? `${this.#head}${this.#name} 0\n` : '';
    let text = this.#head;
    for (const { labels, value } of this.#values.values()) {
      text += `${this.#name}${labelText(this.#labels, labels)} ${value}\n`;
    }
    return text;
  }
}

type ReadValues = () => Iterable<readonly [labels: readonly string[], value: number]>;

/** A gauge whose values are read when they are asked for. */
export function gauge(name: string, help: string, labels: readonly string[], read: ReadValues): Metric {
  return readMetric('gauge', name, help, labels, read);
}

/** A counter that somebody else keeps. */
export function readCounter(name: string, help: string, labels: readonly string[], read: ReadValues): Metric {
  return readMetric('counter', name, help, labels, read);
}

function readMetric(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  labels: readonly string[],
  read: ReadValues,
): Metric {
  return {
    expose() {
      const values = new Counter(name, help, labels, type);
      let some = false;
      for (const [labelValues, value] of read()) {
        values.set(labelValues, value);
        some = true;
      }
      return some ? values.expose() : '';
    },
  };
}

/** The observations of one set of label values. */
class Series {
  readonly labels: readonly string[];
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;
  count = 0;

  constructor(labels: readonly string[], bounds: readonly number[]) {
    this.labels = labels;
    this.counts = new Float64Array(bounds.length);
    this.#bounds = bounds;
  }

  observe(value: number): void {
    this.sum += value;
    this.count++;
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    if (bucket < this.#bounds.length) this.counts[bucket]!++;
  }
}

export class Histogram implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  /** @param bounds upper bounds of the buckets, ascending, without infinity. */
  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    this.#head = head(name, help, 'histogram');
    this.#name = name;
    this.#labels = labels;
    this.#bounds = bounds;
  }

  observe(labels: readonly string[], value: number): void {
    this.of(labels).observe(value);
  }

  /** Where one set of label values is observed, to be kept by those who observe often. It is exposed from now on. */
  of(labels: readonly string[]): { observe(value: number): void } {
    const key = labels.join('\u0000');
    let series = this.#series.get(key);
    if (!series) this.#series.set(key, (series = new Series(labels, this.#bounds)));
    return series;
  }

  expose(): string {
    if (this.#labels.length === 0) this.of([]);
    if (this.#series.size === 0) return '';
    let text = this.#head;
    const withBound = [...this.#labels, 'le'];
    for (const { labels, counts, sum, count } of this.#series.values()) {
      let total = 0;
      this.#bounds.forEach((bound, i) => {
        total += counts[i]!;
        text += `${this.#name}_bucket${labelText(withBound, [...labels, String(bound)])} ${total}\n`;
      });
      text += `${this.#name}_bucket${labelText(withBound, [...labels, '+Inf'])} ${count}\n`;
      text += `${this.#name}_sum${labelText(this.#labels, labels)} ${sum}\n`;
      text += `${this.#name}_count${labelText(this.#labels, labels)} ${count}\n`;
    }
    return text;
  }
}

/** Metrics of one server, in order of registration. */
export class MetricRegistry {
  readonly #metrics: Metric[] = [];

  register<M extends Metric>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }

  expose(): string {
    return this.#metrics.map((metric) => metric.expose()).join('');
  }
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',')}}`;
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
