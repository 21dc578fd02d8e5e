/**
 * Limits how many requests are served at a time, so that a flood makes callers wait instead of stopping the server.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go and priority-and-fairness.go (v1.36)
 * Differs: requests are not queued fairly by flow; what is over the limit is answered with 429 at once. In a single
 * event loop a request runs until it waits for the store, so queues would only grow inside the store.
 */
import { tooManyRequests } from '@kts/apimachinery';

import type { FlowClassifier } from '../flowcontrol/classifier.ts';
import type { Handler, Stage } from '../response.ts';
import { isLongRunning } from './long-running.ts';

const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head', 'options']);
const RETRY_AFTER_SECONDS = 1;

export interface InFlightLimits {
  /** Reads at a time; 0: no limit. */
  readonly readOnly: number;
  /** Writes at a time; 0: no limit. */
  readonly mutating: number;
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 };

/** How many requests are being served; the metrics read it. */
export interface InFlight {
  readOnly: number;
  mutating: number;
  rejected: number;
}

export const priorityAndFairnessStage =
  (limits: InFlightLimits, inFlight: InFlight, classifier?: FlowClassifier): Stage =>
  (next) =>
  (request) => {
    if (request.connection.kind === 'http') {
      const flow = classifier?.classify(request.user, request.info);
      if (flow) {
        request.responseHeaders['x-kubernetes-pf-flowschema-uid'] = flow.schemaUid;
        request.responseHeaders['x-kubernetes-pf-prioritylevel-uid'] = flow.levelUid;
      }
    }
    if (isLongRunning(request.info)) return next(request);
    const kind = READ_VERBS.has(request.info.verb) ? 'readOnly' : 'mutating';
    const limit = limits[kind];
    if (limit > 0 && inFlight[kind] >= limit && !request.user.groups.includes('system:masters')) {
      inFlight.rejected++;
      request.responseHeaders['retry-after'] = String(RETRY_AFTER_SECONDS);
      return Promise.reject(tooManyRequests('Too many requests, please try again later.', RETRY_AFTER_SECONDS));
    }
    return counted(next, inFlight, kind, request);
  };

async function counted(
  next: Handler,
  inFlight: InFlight,
  kind: 'readOnly' | 'mutating',
  request: Parameters<Handler>[0],
): ReturnType<Handler> {
  inFlight[kind]++;
  try {
    return await next(request);
  } finally {
    inFlight[kind]--;
  }
}
