/** Mirrors: pkg/kubelet/server/server.go (getPods, getRunningPods, getRun) (v1.36) */
import type { ServerResponse } from 'node:http';
import type { Container } from '@kts/host-cri';
import { HttpFailure } from '../http-failure.ts';
import {
  CONTAINER_NAME_LABEL,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
} from '../../runtime/container-labels.ts';
import { sendJson } from '../send-json.ts';
import type { KubeletRequest, ServerContext } from '../server-context.ts';

/** `/pods`: what the kubelet is told to run, with the status that it has of it. */
export async function servePods(
  { api }: ServerContext,
  _request: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  sendPods(
    response,
    api.pods().map(({ kind: _kind, apiVersion: _apiVersion, ...pod }) => pod),
  );
}

/** `/runningpods`: what runs, as far as the runtime knows. */
export async function serveRunningPods(
  { runtime }: ServerContext,
  { signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const { containers } = await runtime.listContainers(
    { filter: { state: { state: 'CONTAINER_RUNNING' } } },
    { signal },
  );
  sendPods(response, runningPods(containers));
}

export function runningPods(containers: readonly Container[]): readonly object[] {
  const byPod = Map.groupBy(containers, ({ labels }) => labels[POD_UID_LABEL] ?? '');
  return [...byPod].map(([uid, own]) => {
    const { labels } = own[0]!;
    return {
      metadata: { name: labels[POD_NAME_LABEL], namespace: labels[POD_NAMESPACE_LABEL], uid },
      spec: {
        containers: own.map((one) => ({
          name: one.labels[CONTAINER_NAME_LABEL],
          image: one.image?.image ?? '',
          resources: {},
        })),
      },
      status: {},
    };
  });
}

function sendPods(response: ServerResponse, items: readonly object[]): void {
  sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
}

/** `/run/{namespace}/{pod}[/{uid}]/{container}?cmd=...`: runs a command and answers with what it has printed. */
export async function serveRun(
  { api, runtime }: ServerContext,
  { parameters, query, signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const { namespace = '', pod: name = '', uid, container = '' } = parameters;
  const known = api.pods().some(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (!known) throw new HttpFailure(404, 'pod does not exist');
  const wanted = { namespace, name, ...(uid === undefined ? {} : { uid }) };
  const containerId = await api.runningContainer(wanted, container, signal);
  if (containerId === undefined) throw new HttpFailure(500, `container not found (${JSON.stringify(container)})`);
  const command = query.get('cmd') ?? '';
  const { exitCode, stdout, stderr } = await runtime.execSync({ containerId, cmd: command.split(' ') }, { signal });
  if (exitCode !== 0) {
    throw new HttpFailure(500, `command '${command}' exited with ${exitCode}: ${Buffer.from(stderr).toString()}`);
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(Buffer.concat([stdout, stderr]));
}
