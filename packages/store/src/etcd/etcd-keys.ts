import { assert } from '@kts/base';

import { EVERYTHING, type KeyRange } from './etcd-messages.ts';

/**
 * Where keys are in etcd: those that begin with `root` are kept under `prefix`, as `--etcd-prefix` says. Both end in a
 * slash.
 */
export class EtcdKeys {
  readonly #root: string;
  readonly #prefix: string;
  /**
   * A key before all others, which is written for nothing but its revision. It is no key of the store: only watches of
   * everything see it.
   */
  readonly progressKey: string;

  constructor(root: string, prefix: string) {
    assert(root.endsWith('/') && prefix.endsWith('/'), 'the parts that keys begin with end in a slash');
    this.#root = root;
    this.#prefix = prefix;
    // A hyphen sorts before the slash.
    this.progressKey = `${prefix.slice(0, -1)}-kts-progress`;
  }

  toEtcd(key: string): string {
    assert(key.startsWith(this.#root), 'a key of this store');
    return this.#prefix + key.slice(this.#root.length);
  }

  fromEtcd(key: string): string {
    return this.#root + key.slice(this.#prefix.length);
  }

  /** The keys with a prefix, from the one after `after` on. */
  rangeOf(prefix: string, after?: string): KeyRange {
    const start = this.prefixInEtcd(prefix);
    const first = after === undefined || after < prefix ? start : `${this.#afterInEtcd(after)}\0`;
    return { key: first, end: endOf(start) };
  }

  /** What a watch of a prefix has to look at. */
  watchedRange(prefix: string): KeyRange {
    const start = this.prefixInEtcd(prefix);
    return { key: this.isEverything(prefix) ? this.progressKey : start, end: endOf(start) };
  }

  isEverything(prefix: string): boolean {
    return this.#root.startsWith(prefix);
  }

  prefixInEtcd(prefix: string): string {
    return this.isEverything(prefix) ? this.#prefix : this.toEtcd(prefix);
  }

  #afterInEtcd(after: string): string {
    if (after.startsWith(this.#root)) return this.toEtcd(after);
    // Before or behind all keys of the store.
    return after < this.#root ? this.#prefix : endOf(this.#prefix);
  }
}

/** The smallest key that is larger than every key with `prefix`. */
function endOf(prefix: string): string {
  if (prefix === '') return EVERYTHING;
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
