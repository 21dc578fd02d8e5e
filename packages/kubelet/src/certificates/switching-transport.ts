import type { Transport } from '@kts/client';

/** A transport whose connections can be given up for others, such as those with a new certificate. */
export class SwitchingTransport implements Transport {
  #current: Transport;

  constructor(first: Transport) {
    this.#current = first;
  }

  /** Requests go to `next` from now on. What is under way on the one before breaks, and is tried again by its owners. */
  async switchTo(next: Transport): Promise<void> {
    const before = this.#current;
    this.#current = next;
    await before.close();
  }

  request: Transport['request'] = (request) => this.#current.request(request);
  watch: Transport['watch'] = (request) => this.#current.watch(request);
  stream: Transport['stream'] = (request) => this.#current.stream(request);
  close: Transport['close'] = () => this.#current.close();
}
