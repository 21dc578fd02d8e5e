import type { Clock, Logger } from '@kts/base';

import { ensurePki, type ClusterPki, type PkiOptions } from './cluster-pki.ts';

/** Certificates that could not be renewed are tried again after so long. */
const RETRY_MS_MIN = 60_000;

/** A server's certificates, which are replaced while it runs, long before they expire. */
export class ServerCertificates {
  readonly #options: PkiOptions & { readonly clock: Clock };
  #current: ClusterPki;

  constructor(options: PkiOptions & { readonly clock: Clock }) {
    this.#options = options;
    this.#current = ensurePki(options);
  }

  get current(): ClusterPki {
    return this.#current;
  }

  /** Runs until `signal` is aborted; tells `onRenewed` of every replacement. */
  async keepFresh(onRenewed: (pki: ClusterPki) => void, log: Logger, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(Math.max(RETRY_MS_MIN, this.#current.renewAt - clock.now()), signal);
      try {
        this.#current = ensurePki(this.#options);
        onRenewed(this.#current);
        log.info('certificates renewed');
      } catch (error) {
        log.error('certificates not renewed', { error });
      }
    }
  }
}
