/** Mirrors: pkg/kubelet/server/server.go (getExec, getAttach, getPortForward), pkg/kubelet/kubelet_pods.go (v1.36) */
import type { ServerResponse } from 'node:http';
import type { Pod } from '@kts/api/types/core-v1';
import { GrpcError, type GrpcCode } from '@kts/grpc';
import { HttpFailure } from '../http-failure.ts';
import { hasContainer } from '../logs/log-container.ts';
import type { Upgrade } from '../routes.ts';
import type { KubeletRequest, ServerContext } from '../server-context.ts';
import { acceptWebSocket } from './accept-websocket.ts';
import { passThrough } from './pass-through.ts';
import { bridgeRemoteCommand } from './remote-command.ts';
import {
  parseForwardedPorts,
  parseStreamOptions,
  STREAM_PROTOCOL_V5,
  tunnelledProtocols,
  webSocketProtocols,
  type StreamOptions,
} from './stream-options.ts';
import { tunnel } from './tunnel.ts';

/** `/exec/{namespace}/{pod}[/{uid}]/{container}` */
export async function serveExec(
  context: ServerContext,
  request: KubeletRequest,
  _response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const options = parseStreamOptions(request.query);
  const { metadata } = podOf(context, request);
  const { container = '', uid } = request.parameters;
  const { namespace, name } = metadata;
  const wanted = { namespace, name, ...(uid === undefined ? {} : { uid }) };
  const containerId = await context.api.runningContainer(wanted, container, request.signal);
  if (containerId === undefined) throw new HttpFailure(500, `container not found (${JSON.stringify(container)})`);
  const cmd = request.query.getAll('command');
  const url = await urlFrom(context.runtime.exec({ containerId, cmd, ...options }, { signal: request.signal }));
  await stream(context, request, upgrade, url, options);
}

/** `/attach/{namespace}/{pod}[/{uid}]/{container}` */
export async function serveAttach(
  context: ServerContext,
  request: KubeletRequest,
  _response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const asked = parseStreamOptions(request.query);
  const pod = podOf(context, request);
  const { container = '', uid } = request.parameters;
  const { namespace, name } = pod.metadata;
  const missing = `container ${container} not found in pod ${name}_${namespace}`;
  if (!hasContainer(pod, container)) throw new HttpFailure(500, missing);
  const wanted = { namespace, name, ...(uid === undefined ? {} : { uid }) };
  const containerId = await context.api.runningContainer(wanted, container, request.signal);
  if (containerId === undefined) throw new HttpFailure(500, missing);
  // Whether a process has a terminal was decided when it was started.
  const options = { ...asked, tty: hasTerminal(pod, container) };
  const url = await urlFrom(context.runtime.attach({ containerId, ...options }, { signal: request.signal }));
  await stream(context, request, upgrade, url, options);
}

/** `/portForward/{namespace}/{pod}[/{uid}]` */
export async function servePortForward(
  context: ServerContext,
  request: KubeletRequest,
  _response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const { incoming, query, parameters, signal } = request;
  const tunnelled = tunnelledProtocols(webSocketProtocols(incoming.headers));
  const ports = tunnelled.length > 0 ? [] : parseForwardedPorts(query, incoming.headers);
  const { metadata } = podOf(context, request);
  const { namespace, name, uid } = metadata;
  if (parameters.uid !== undefined && parameters.uid !== uid) throw new HttpFailure(404, 'pod not found');
  const podSandboxId = await context.api.readySandbox({ namespace, name, ...(uid ? { uid } : {}) }, signal);
  if (podSandboxId === undefined) throw new HttpFailure(500, `pod not found ("${name}_${namespace}")`);
  const url = await urlFrom(context.runtime.portForward({ podSandboxId, port: ports }, { signal }));
  const connection = required(upgrade);
  if (tunnelled.length === 0) return passThrough(context.network, url, incoming, connection, signal);
  return tunnel(context.network, url, tunnelled, incoming, connection, signal);
}

async function stream(
  { network }: ServerContext,
  { incoming, signal }: KubeletRequest,
  upgrade: Upgrade | undefined,
  url: string,
  options: StreamOptions,
): Promise<void> {
  const connection = required(upgrade);
  if (!webSocketProtocols(incoming.headers).includes(STREAM_PROTOCOL_V5)) {
    return passThrough(network, url, incoming, connection, signal);
  }
  const client = await acceptWebSocket(incoming, connection, STREAM_PROTOCOL_V5);
  return bridgeRemoteCommand(network, url, options, client, signal);
}

function podOf({ api }: ServerContext, { parameters }: KubeletRequest): Pod {
  const { namespace, pod: name } = parameters;
  const pod = api.pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (pod) return pod;
  throw new HttpFailure(404, 'pod does not exist');
}

function hasTerminal({ spec }: Pod, name: string): boolean {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return all.find((container) => container.name === name)?.tty ?? false;
}

function required(upgrade: Upgrade | undefined): Upgrade {
  if (upgrade) return upgrade;
  throw new HttpFailure(400, 'Upgrade request required');
}

const STATUS_OF_CODE: Partial<Record<GrpcCode, number>> = { NotFound: 404, ResourceExhausted: 429 };

async function urlFrom(answer: Promise<{ readonly url: string }>): Promise<string> {
  try {
    return (await answer).url;
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    throw new HttpFailure(STATUS_OF_CODE[error.code] ?? 500, error.message, { cause: error });
  }
}
