/**
 * Records who did what, as `audit.k8s.io/v1` events, one JSON line each.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go (v1.36)
 */
import { apiVersionOf, StatusError } from '@kts/apimachinery';
import { formatMicroTime, type Clock } from '@kts/base';

import { decideAudit, type AuditDecision, type AuditPolicy, type AuditStage } from '../audit/policy.ts';
import type { ApiServerRequest, UserInfo } from '../request.ts';
import type { ApiServerResponse, Stage } from '../response.ts';
import { isLongRunning } from './long-running.ts';

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly clock: Pick<Clock, 'now'>;
  /** Receives whole lines, each with its line feed. Must not throw. */
  readonly write: (line: string) => void;
}

export const auditStage =
  (options: AuditOptions): Stage =>
  (next) =>
  async (request) => {
    const requester = request.user;
    const decision = decideAudit(options.policy, requester, request.info);
    if (decision.level === 'None') return next(request);
    const emit = (stage: AuditStage, outcome: object): void => {
      if (decision.omitStages.has(stage)) return;
      const event = auditEvent(request, requester, decision, stage, options.clock.now());
      const annotations = annotationsOf(request, decision);
      options.write(`${JSON.stringify({ ...event, ...outcome, ...annotations })}\n`);
    };
    emit('RequestReceived', {});
    try {
      const response = await next(request);
      const outcome = await outcomeOf(request, response, decision);
      if (response.kind === 'watch') {
        emit('ResponseStarted', outcome);
        response.watch.onEnd(() => emit('ResponseComplete', outcome));
      } else {
        emit(isLongRunning(request.info) ? 'ResponseStarted' : 'ResponseComplete', outcome);
      }
      return response;
    } catch (error) {
      const expected = StatusError.is(error);
      const responseStatus = expected
        ? { metadata: {}, status: 'Failure', message: error.message, reason: error.reason, code: error.code }
        : { metadata: {}, status: 'Failure', reason: 'InternalError', code: 500 };
      emit(expected ? 'ResponseComplete' : 'Panic', { responseStatus });
      throw error;
    }
  };

/** Parts of requests, which is what patches are, are only for those who see whole requests. */
const PATCHES = 'patch.webhook.admission.k8s.io/';

function annotationsOf({ auditAnnotations }: ApiServerRequest, { level }: AuditDecision): object {
  if (!auditAnnotations) return {};
  const shown = Object.entries(auditAnnotations).filter(([key]) => level !== 'Metadata' || !key.startsWith(PATCHES));
  return shown.length > 0 ? { annotations: Object.fromEntries(shown) } : {};
}

/** The part of an event that is known before the answer. */
function auditEvent(
  request: ApiServerRequest,
  requester: UserInfo,
  decision: AuditDecision,
  stage: AuditStage,
  now: number,
): object {
  const { info, headers, connection } = request;
  const query = request.query.toString();
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: decision.level,
    auditID: request.auditId,
    stage,
    requestURI: query ? `${request.path}?${query}` : request.path,
    verb: info.verb,
    user: auditUser(requester),
    ...(request.impersonator ? { impersonatedUser: auditUser(request.user) } : {}),
    ...(connection.kind === 'http' ? { sourceIPs: [connection.remoteAddress] } : {}),
    ...(headers['user-agent'] ? { userAgent: headers['user-agent'] } : {}),
    ...(info.isResourceRequest ? { objectRef: objectRef(info) } : {}),
    requestReceivedTimestamp: formatMicroTime(request.receivedAt),
    stageTimestamp: formatMicroTime(now),
  };
}

function auditUser(user: UserInfo): object {
  return {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: user.groups,
    ...(user.extra ? { extra: user.extra } : {}),
  };
}

function objectRef(info: ApiServerRequest['info']): object {
  return {
    resource: info.resource,
    ...(info.namespace ? { namespace: info.namespace } : {}),
    ...(info.name ? { name: info.name } : {}),
    ...(info.group ? { apiGroup: info.group } : {}),
    apiVersion: info.group ? info.version : apiVersionOf(info),
    ...(info.subresource ? { subresource: info.subresource } : {}),
  };
}

async function outcomeOf(
  request: ApiServerRequest,
  response: ApiServerResponse,
  decision: AuditDecision,
): Promise<object> {
  const responseStatus = { metadata: {}, code: 'status' in response ? response.status : 200 };
  if (decision.level === 'Metadata') return { responseStatus };
  const requestObject = await bodyObject(request);
  const responseObject = decision.level === 'RequestResponse' ? responseObjectOf(response) : undefined;
  return {
    responseStatus,
    ...(requestObject ? { requestObject: withoutManagedFields(requestObject, decision) } : {}),
    ...(responseObject ? { responseObject: withoutManagedFields(responseObject, decision) } : {}),
  };
}

async function bodyObject(request: ApiServerRequest): Promise<object | undefined> {
  const body = await request.readBody();
  if (!body) return undefined;
  if (body.kind === 'object') return body.object as object;
  if (!body.contentType.includes('json')) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body.bytes)) as object;
  } catch {
    return undefined;
  }
}

function responseObjectOf(response: ApiServerResponse): object | undefined {
  if (response.kind === 'object') return response.object;
  return response.kind === 'entry' ? response.entry.object() : undefined;
}

function withoutManagedFields(object: object, decision: AuditDecision): object {
  const { metadata } = object as { metadata?: { managedFields?: unknown } };
  if (!decision.omitManagedFields || !metadata?.managedFields) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
