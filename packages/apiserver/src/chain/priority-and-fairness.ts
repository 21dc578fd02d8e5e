/**
 * Limits how many requests are served at a time, so that a flood makes callers wait instead of stopping the server.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go and priority-and-fairness.go (v1.36)
 * Differs: there are two queues, first come, first served, and not one for each flow. In a single event loop a request
 * runs until it waits for the store, so the order in which flows are served hardly matters.
 */
import { tooManyRequests } from '@kts/apimachinery';

import type { FlowClassifier } from '../flowcontrol/classifier.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler, Stage } from '../response.ts';
import { isLongRunning } from './long-running.ts';

const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head', 'options']);
const RETRY_AFTER_SECONDS = 1;

export interface InFlightLimits {
  /** Reads at a time; 0: no limit. */
  readonly readOnly: number;
  /** Writes at a time; 0: no limit. */
  readonly mutating: number;
  /** How many of either kind may wait for their turn; more are refused. Default as in upstream's `workload-low`. */
  readonly waiting?: number;
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 };
const WAITING_MAX = 128 * 50;

/** How many requests are being served; the metrics read it. */
export interface InFlight {
  readOnly: number;
  mutating: number;
  rejected: number;
}

type Kind = 'readOnly' | 'mutating';

export function priorityAndFairnessStage(
  limits: InFlightLimits,
  inFlight: InFlight,
  classifier?: FlowClassifier,
): Stage {
  const seats = {
    readOnly: new Seats('readOnly', limits, inFlight),
    mutating: new Seats('mutating', limits, inFlight),
  };
  return (next) => (request) => {
    if (request.connection.kind === 'http') {
      const flow = classifier?.classify(request.user, request.info);
      if (flow) {
        request.responseHeaders['x-kubernetes-pf-flowschema-uid'] = flow.schemaUid;
        request.responseHeaders['x-kubernetes-pf-prioritylevel-uid'] = flow.levelUid;
      }
    }
    if (isLongRunning(request.info)) return next(request);
    return seats[READ_VERBS.has(request.info.verb) ? 'readOnly' : 'mutating'].serve(next, request);
  };
}

/** So many requests at a time; the others wait. */
class Seats {
  readonly #kind: Kind;
  readonly #limits: InFlightLimits;
  readonly #inFlight: InFlight;
  readonly #waiting: (() => void)[] = [];

  constructor(kind: Kind, limits: InFlightLimits, inFlight: InFlight) {
    this.#kind = kind;
    this.#limits = limits;
    this.#inFlight = inFlight;
  }

  serve(next: Handler, request: ApiServerRequest): Promise<ApiServerResponse> {
    if (this.#hasRoom() || request.user.groups.includes('system:masters')) return this.#seated(next, request);
    if (this.#waiting.length >= (this.#limits.waiting ?? WAITING_MAX)) {
      this.#inFlight.rejected++;
      request.responseHeaders['retry-after'] = String(RETRY_AFTER_SECONDS);
      return Promise.reject(tooManyRequests('Too many requests, please try again later.', RETRY_AFTER_SECONDS));
    }
    const { promise, resolve, reject } = Promise.withResolvers<ApiServerResponse>();
    this.#waiting.push(() => {
      if (request.signal.aborted) reject(request.signal.reason as Error);
      else resolve(this.#seated(next, request));
    });
    return promise;
  }

  #hasRoom(): boolean {
    const limit = this.#limits[this.#kind];
    return limit === 0 || this.#inFlight[this.#kind] < limit;
  }

  async #seated(next: Handler, request: ApiServerRequest): Promise<ApiServerResponse> {
    this.#inFlight[this.#kind]++;
    try {
      return await next(request);
    } finally {
      this.#inFlight[this.#kind]--;
      while (this.#waiting.length > 0 && this.#hasRoom()) this.#waiting.shift()!();
    }
  }
}
