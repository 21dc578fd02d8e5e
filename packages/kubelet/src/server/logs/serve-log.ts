/** Mirrors: pkg/kubelet/server/server.go (getContainerLogs), pkg/kubelet/kubelet_pods.go (GetKubeletContainerLogs) (v1.36) */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { GrpcError } from '@kts/grpc';
import { HttpFailure } from '../http-failure.ts';
import type { KubeletRequest, ServerContext } from '../server-context.ts';
import { hasContainer, logContainerId } from './log-container.ts';
import { parseLogOptions, type LogOptions } from './log-options.ts';
import { readLog } from './read-log.ts';

/** `/containerLogs/{namespace}/{pod}/{container}`. What goes wrong after the answer has begun is written into it. */
export async function serveContainerLog(
  { api, clock, ...context }: ServerContext,
  { parameters, query, signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const { namespace = '', pod: podName = '', container = '' } = parameters;
  const options = parseLogOptions(query, clock.now());
  const pod = api.pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === podName);
  if (!pod) throw new HttpFailure(404, `pod ${JSON.stringify(podName)} does not exist`);
  if (!hasContainer(pod, container)) {
    throw new HttpFailure(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(podName)}`);
  }
  const id = logContainerId(pod, container, options.previous);
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  };
  if (options.streams.has('stdout')) begin();
  try {
    for await (const piece of containerLog({ api, clock, ...context }, id, options, signal)) {
      begin();
      if (!response.write(piece)) await once(response, 'drain', { signal });
    }
    begin();
    response.end();
  } catch (error) {
    if (signal.aborted) return;
    const { message } = error as Error;
    if (!response.headersSent) throw new HttpFailure(400, message, { cause: error });
    response.end(message);
  }
}

async function* containerLog(
  { runtime, logFiles, clock }: ServerContext,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const containerId = id.replace(/^.*:\/\//, '');
  const path = await runtime
    .containerStatus({ containerId }, { signal })
    .then(({ status }) => status?.logPath ?? '')
    .catch((cause: unknown) => {
      throw new Error(`unable to retrieve container logs for ${id}`, { cause });
    });
  const isRunning = async (): Promise<boolean> => {
    try {
      const { status } = await runtime.containerStatus({ containerId }, { signal });
      return status?.state === 'CONTAINER_RUNNING';
    } catch (error) {
      // Containers may well run while the runtime's daemon does not.
      if (GrpcError.is(error, 'Unavailable')) return true;
      throw error;
    }
  };
  yield* readLog(path, options, { files: logFiles, clock, isRunning }, signal);
}
