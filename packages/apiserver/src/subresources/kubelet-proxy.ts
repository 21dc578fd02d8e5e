/**
 * Logs, exec, attach and port forwarding: requests about a pod that its kubelet answers.
 *
 * Mirrors: pkg/registry/core/pod/strategy.go (LogLocation, AttachLocation, ExecLocation, PortForwardLocation) and
 * pkg/kubelet/client (v1.36)
 */
import { badRequest, FieldPath, forbidden, invalid, invalidObject, type FieldError } from '@kts/apimachinery';
import type { Container, Pod } from '@kts/api/types/core-v1';

import { getEntry } from '../registry/get.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerResponse } from '../response.ts';
import type { BackendConnector } from './backend.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import { kubeletRefusal, kubeletUnreachable } from './kubelet-answer.ts';
import { kubeletOf } from './kubelet-target.ts';
import { proxyHandlers } from './object-proxy.ts';
import type { SubresourceHandler } from './subresource.ts';

/** By path: `pods/log`, `pods/exec`, ... Without a connector there are none of them. */
export function kubeletHandlers(backend: BackendConnector | undefined): [string, SubresourceHandler][] {
  if (!backend) return [];
  return [
    ['pods/log', (scope) => podLog(scope, backend)],
    ['pods/exec', (scope) => podStream(scope, backend, 'exec')],
    ['pods/attach', (scope) => podStream(scope, backend, 'attach')],
    ['pods/portforward', (scope) => portForward(scope, backend)],
    ...proxyHandlers(backend),
  ];
}

async function podOf(scope: RequestScope): Promise<Pod> {
  return (await getEntry({ ...scope, subresource: '' })).object() as Pod;
}

async function podLog(scope: RequestScope, backend: BackendConnector): Promise<ApiServerResponse> {
  const { query, signal } = scope.request;
  checkLogOptions(query, scope.name);
  const pod = await podOf(scope);
  const container = chosenContainer(pod, query.get('container') ?? '', '');
  if (!pod.spec.nodeName) {
    return { kind: 'bytes', status: 204, contentType: 'text/plain', body: new Uint8Array() };
  }
  const kubelet = await kubeletOf(scope, pod.spec.nodeName);
  const parameters = logQuery(query);
  const path = `/containerLogs/${scope.namespace}/${scope.name}/${container}${parameters.size > 0 ? `?${parameters.toString()}` : ''}`;
  const answer = await backend
    .request(kubelet, { method: 'GET', path, headers: {}, signal })
    .catch((error: unknown) => {
      throw kubeletUnreachable(error, kubelet, path);
    });
  if (answer.status < 200 || answer.status > 206) throw await kubeletRefusal(answer, 'pods/log', scope.name);
  return { kind: 'bytes', status: 200, contentType: 'text/plain', body: answer.body, overWebSocket: true };
}

function checkLogOptions(query: URLSearchParams, podName: string): void {
  const errors: FieldError[] = [];
  for (const [name, least] of [
    ['tailLines', 0],
    ['limitBytes', 1],
    ['sinceSeconds', 1],
  ] as const) {
    const text = query.get(name);
    if (text === null || Number(text) >= least) continue;
    errors.push(
      invalid(FieldPath.of(name), Number(text), `must be greater than ${least === 0 ? 'or equal to 0' : '0'}`),
    );
  }
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    errors.push(forbidden(FieldPath.of(''), 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  }
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, podName, errors);
}

/** In the order in which they are sent. */
const LOG_PARAMETERS = [
  'follow',
  'limitBytes',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'stream',
  'tailLines',
  'timestamps',
];

function logQuery(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const name of LOG_PARAMETERS) {
    const value = query.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

async function podStream(
  scope: RequestScope,
  backend: BackendConnector,
  action: 'exec' | 'attach',
): Promise<ApiServerResponse> {
  const { query } = scope.request;
  const pod = await podOf(scope);
  const container = chosenContainer(pod, query.get('container') ?? '', '');
  const parameters = streamQuery(query);
  if (action === 'exec' && query.getAll('command').length === 0) {
    throw badRequest('you must specify at least 1 command for the container');
  }
  if (![...parameters.keys()].some((name) => name === 'input' || name === 'output' || name === 'error')) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const kubelet = await kubeletOf(scope, nodeNameOf(pod));
  const path = `/${action}/${scope.namespace}/${scope.name}/${container}?${parameters.toString()}`;
  return forwardUpgrade(scope, backend, kubelet, path);
}

const isSet = (value: string | null): boolean => value !== null && value !== 'false' && value !== '0';

function streamQuery(query: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, kubeletName] of [
    ['stdin', 'input'],
    ['stdout', 'output'],
    ['stderr', 'error'],
    ['tty', 'tty'],
  ] as const) {
    if (isSet(query.get(name))) parameters.set(kubeletName, '1');
  }
  for (const command of query.getAll('command')) parameters.append('command', command);
  return parameters;
}

async function portForward(scope: RequestScope, backend: BackendConnector): Promise<ApiServerResponse> {
  const pod = await podOf(scope);
  const kubelet = await kubeletOf(scope, nodeNameOf(pod));
  const ports = new URLSearchParams();
  for (const list of scope.request.query.getAll('ports'))
    for (const port of list.split(',')) ports.append('port', port);
  const query = ports.size > 0 ? `?${ports.toString()}` : '';
  return forwardUpgrade(scope, backend, kubelet, `/portForward/${scope.namespace}/${scope.name}${query}`);
}

function nodeNameOf(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

/** The container that a request names, or the only one. */
function chosenContainer(pod: Pod, name: string, hint: string): string {
  const all: readonly Pick<Container, 'name'>[] = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.ephemeralContainers ?? []),
  ];
  const podName = pod.metadata.name;
  if (name !== '') {
    if (all.some((container) => container.name === name)) return name;
    throw badRequest(`container ${name} is not valid for pod ${podName}`);
  }
  if (pod.spec.containers.length === 1) return pod.spec.containers[0]!.name;
  const names = pod.spec.containers.map((container) => container.name).join(' ');
  const inits = (pod.spec.initContainers ?? []).map((container) => container.name).join(' ');
  const others = inits ? ` or one of the init containers: [${inits}]` : '';
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names}]${others}${hint}`);
}
