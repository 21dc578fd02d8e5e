import { failure, StatusError } from '@kts/apimachinery';
import { childSignal, type ChildSignal } from '@kts/base';

import type { WatchEvent } from './client-options.ts';
import { isStatus } from './response-error.ts';
import type { ApiRequest, Transport, WatchFrame } from './transport.ts';

const NEVER_ABORTED = new AbortController().signal;

/**
 * The events of one watch. The request goes out when this is made, not with the first `next`; errors of it come with
 * the first `next`. An ERROR frame is thrown as StatusError. Ends when the server ends the watch, by the request's
 * signal and by `return`.
 */
export class WatchEvents<T> implements AsyncIterableIterator<WatchEvent<T>> {
  readonly #abort: ChildSignal;
  readonly #frames: Promise<AsyncIterableIterator<WatchFrame>>;
  #ended = false;

  constructor(transport: Transport, request: ApiRequest) {
    this.#abort = childSignal(request.signal ?? NEVER_ABORTED);
    this.#frames = transport.watch({ ...request, signal: this.#abort.signal });
    this.#frames.catch(() => {});
  }

  async next(): Promise<IteratorResult<WatchEvent<T>>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      const next = await (await this.#frames).next();
      if (next.done) return this.#end();
      if (next.value.type === 'ERROR') throw errorOfFrame(next.value);
      return { done: false, value: next.value as WatchEvent<T> };
    } catch (error) {
      const stopped = this.#abort.signal.aborted;
      this.#end();
      if (stopped) return { done: true, value: undefined };
      throw error;
    }
  }

  return(): Promise<IteratorResult<WatchEvent<T>>> {
    return Promise.resolve(this.#end());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): IteratorResult<WatchEvent<T>> {
    this.#ended = true;
    this.#abort.abort();
    this.#abort[Symbol.dispose]();
    return { done: true, value: undefined };
  }
}

function errorOfFrame(frame: WatchFrame): StatusError {
  return isStatus(frame.object)
    ? new StatusError(frame.object)
    : failure('InternalError', 'the server sent a watch error without a status');
}
