/**
 * Limits how many requests are served at a time, so that a flood makes its own callers wait instead of everybody.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go (v1.36)
 * Differs: components in the server's own process are not limited: what they ask for at a time is limited by their
 * workers.
 */
import type { FlowClassifier } from '../flowcontrol/classifier.ts';
import type { Admission, FlowController } from '../flowcontrol/flow-controller.ts';
import { seatsOf, type CountObjects } from '../flowcontrol/work-estimate.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler, Stage } from '../response.ts';
import { plainText } from '../routing/not-found.ts';
import { isLongRunning } from './long-running.ts';

const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head', 'options']);

export interface InFlightLimits {
  /** Reads at a time, and writes at a time. Their sum is what priority levels share; 0 for both: no limit. */
  readonly readOnly: number;
  readonly mutating: number;
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 };

/** How many requests are being served; the metrics read it. */
export interface InFlight {
  readOnly: number;
  mutating: number;
}

export interface FairnessParts {
  readonly classifier: FlowClassifier;
  /** Absent: requests are told their flow, but not limited. */
  readonly controller: FlowController | undefined;
  readonly inFlight: InFlight;
  readonly count: CountObjects;
}

export function priorityAndFairnessStage({ classifier, controller, inFlight, count }: FairnessParts): Stage {
  return (next) => {
    const serve = counting(next, inFlight);
    return (request) => {
      const isWatch = request.info.verb === 'watch';
      if (!isWatch && isLongRunning(request.info)) return next(request);
      const seated = isWatch ? next : serve;
      if (request.connection.kind !== 'http') return seated(request);
      const flow = classifier.classify(request.user, request.info);
      if (!flow) return seated(request);
      request.responseHeaders['x-kubernetes-pf-flowschema-uid'] = flow.schemaUid;
      request.responseHeaders['x-kubernetes-pf-prioritylevel-uid'] = flow.levelUid;
      if (!controller) return seated(request);
      const width = seatsOf(request, count);
      const admission = controller.tryAdmit(flow, width);
      if (admission) return run(seated, request, admission);
      return controller.admit(flow, width, request.signal).then((later) => run(seated, request, later));
    };
  };
}

async function run(next: Handler, request: ApiServerRequest, admission: Admission): Promise<ApiServerResponse> {
  if (!admission.admitted) {
    request.signal.throwIfAborted();
    const headers = { 'retry-after': String(admission.retryAfterSeconds), 'x-content-type-options': 'nosniff' };
    return plainText(429, 'Too many requests, please try again later.\n', headers);
  }
  try {
    return await next(request);
  } finally {
    admission.release();
  }
}

function counting(next: Handler, inFlight: InFlight): Handler {
  return async (request) => {
    const kind = READ_VERBS.has(request.info.verb) ? 'readOnly' : 'mutating';
    inFlight[kind]++;
    try {
      return await next(request);
    } finally {
      inFlight[kind]--;
    }
  };
}
