import { StatusError, type ResourceType, type Status } from '@kts/apimachinery';

import type { ApiRequest, ApiResponse } from './transport.ts';

/** What a failed request was about, for the message of an answer that is not a Status. */
export interface RequestSubject {
  readonly type?: ResourceType;
  readonly name?: string;
}

/** The part of a plain-text answer that is kept. */
const TEXT_LENGTH_MAX = 2048;

/**
 * The error of a failure answer: the server's own Status, or one made from the code if a proxy or an endpoint outside
 * the API answered.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go, NewGenericServerResponse (v1.36)
 */
export function responseError(request: ApiRequest, response: ApiResponse, subject: RequestSubject = {}): StatusError {
  if (isFailureStatus(response.body)) {
    return new StatusError({ ...response.body, code: response.body.code ?? response.status });
  }
  const text = typeof response.body === 'string' ? response.body.trim().slice(0, TEXT_LENGTH_MAX) : 'unknown';
  const { reason, message } = genericFailure(response.status, request.method, text);
  const resource =
    subject.type && (subject.type.group ? `${subject.type.plural}.${subject.type.group}` : subject.type.plural);
  const about = resource && [request.method.toLowerCase(), resource, subject.name].filter(Boolean).join(' ');
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: about ? `${message} (${about})` : message,
    ...(reason ? { reason } : {}),
    details: {
      ...(subject.name ? { name: subject.name } : {}),
      ...(subject.type?.group ? { group: subject.type.group } : {}),
      ...(subject.type ? { kind: subject.type.plural } : {}),
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
    },
    code: response.status,
  });
}

export function isFailureStatus(body: unknown): body is Status {
  return isStatus(body) && body.status !== 'Success';
}

export function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

/** What a code means whose answer is no Status; `text` is what the answer says. */
export function genericFailure(
  code: number,
  method: string,
  text: string,
): { readonly reason: string; readonly message: string } {
  switch (code) {
    case 400:
      return { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' };
    case 401:
      return { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' };
    case 403:
      return { reason: 'Forbidden', message: text };
    case 404:
      return { reason: 'NotFound', message: 'the server could not find the requested resource' };
    case 405:
      return { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' };
    case 406:
      return {
        reason: 'NotAcceptable',
        message:
          text === '' || text === 'unknown'
            ? 'the server was unable to respond with a content type that the client supports'
            : text,
      };
    case 409:
      return { reason: method === 'POST' ? 'AlreadyExists' : 'Conflict', message: 'the server reported a conflict' };
    case 415:
      return { reason: 'UnsupportedMediaType', message: text };
    case 422:
      return { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' };
    case 429:
      return {
        reason: 'TooManyRequests',
        message: 'the server has received too many requests and has asked us to try again later',
      };
    case 503:
      return { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' };
    case 504:
      return {
        reason: 'Timeout',
        message:
          'the server was unable to return a response in the time allotted, but may still be processing the request',
      };
    default:
      return code >= 500
        ? {
            reason: 'InternalError',
            message: `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`,
          }
        : {
            reason: '',
            message: `the server responded with the status code ${code} but did not return more information`,
          };
  }
}
