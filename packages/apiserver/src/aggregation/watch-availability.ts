/**
 * Asks the servers behind remote group versions, again and again, whether they answer and what they have, and writes the
 * outcome into their APIServices.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote and
 * staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go (v1.36)
 * Differs: one question is asked at a time, not five; what stands in the way is looked at every few seconds.
 */
import { isConflict, isNotFound } from '@kts/apimachinery';
import { apiServices, endpointSlices, services } from '@kts/api';
import { childSignal, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';

import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import {
  conditionsWith,
  failedDiscovery,
  PASSED,
  serviceProblem,
  type Availability,
} from './availability-condition.ts';
import { groupVersionPath, type RemoteApi } from './remote-api.ts';
import type { RemoteApis, RemoteDiscovery, RemoteResource } from './remote-apis.ts';
import type { RemoteClient } from './remote-client.ts';
import { remoteUserHeaders } from './remote-user.ts';

const AGGREGATOR = { name: 'system:kube-aggregator', groups: ['system:masters'] };
const AVAILABLE_CHECK_MS = 30_000;
const UNAVAILABLE_CHECK_MS = 2_000;
const ANSWER_MS_MAX = 6_000;
const SERVICE_LABEL = 'kubernetes.io/service-name';

export interface AvailabilityParts {
  readonly apis: RemoteApis;
  readonly remote: RemoteClient;
  /** Acts as this server. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs until `signal` is aborted. As long as there are no remote group versions it does nothing. */
export async function watchAvailability(parts: AvailabilityParts, signal: AbortSignal): Promise<void> {
  const { apis, clock } = parts;
  const dueAt = new Map<string, number>();
  let wake = Promise.withResolvers<void>();
  const stopListening = apis.onChange((name) => {
    dueAt.set(name, 0);
    wake.resolve();
  });
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  while (!signal.aborted) {
    wake = Promise.withResolvers();
    for (const name of dueAt.keys()) if (!apis.get(name)) dueAt.delete(name);
    const due = [...apis.all()].filter(({ name }) => (dueAt.get(name) ?? 0) <= clock.monotonic());
    for (const { name } of due) dueAt.set(name, Infinity);
    await Promise.all(
      due.map(async (api) => {
        const available = await checkApi(parts, api, signal);
        const next = clock.monotonic() + (available ? AVAILABLE_CHECK_MS : UNAVAILABLE_CHECK_MS);
        if (dueAt.get(api.name) === Infinity) dueAt.set(api.name, next);
      }),
    );
    const nextAt = Math.min(...dueAt.values());
    if (nextAt <= clock.monotonic()) continue;
    const timer = nextAt === Infinity ? undefined : clock.after(nextAt - clock.monotonic(), () => wake.resolve());
    await wake.promise;
    timer?.cancel();
  }
  stopListening();
}

async function checkApi(parts: AvailabilityParts, api: RemoteApi, signal: AbortSignal): Promise<boolean> {
  try {
    const availability = await availabilityOf(parts, api, signal);
    await writeAvailability(parts, api, availability);
    return availability.status === 'True';
  } catch (error) {
    if (signal.aborted) return false;
    if (!isConflict(error) && !isNotFound(error)) {
      parts.log.warn('cannot tell whether an API service is available', { apiService: api.name, error });
    }
    return false;
  }
}

async function availabilityOf(parts: AvailabilityParts, api: RemoteApi, signal: AbortSignal): Promise<Availability> {
  const { apis } = parts;
  const problem = parts.remote.isInProcess(api) ? undefined : await problemOfService(parts, api);
  const discovery = problem ? undefined : await discover(parts, api, signal);
  if (discovery && typeof discovery === 'object') {
    apis.setDiscovery(api, discovery);
    return PASSED;
  }
  const known = apis.discovery(api);
  if (known) apis.setDiscovery(api, { ...known, current: false });
  return problem ?? failedDiscovery(discovery ?? '');
}

async function problemOfService({ client }: AvailabilityParts, api: RemoteApi): Promise<Availability | undefined> {
  const { namespace, name } = api.service;
  const service = await client.get(services, { namespace, name }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const labelSelector = `${SERVICE_LABEL}=${name}`;
  const slices = service ? (await client.list(endpointSlices, { namespace, labelSelector })).items : [];
  return serviceProblem(api, service, slices);
}

/** What the server says it has, or why it does not. */
async function discover(
  { remote, clock }: AvailabilityParts,
  api: RemoteApi,
  signal: AbortSignal,
): Promise<RemoteDiscovery | string> {
  const path = groupVersionPath(api);
  const url = `https://${api.host}:${api.service.port}${path}`;
  using child = childSignal(signal);
  const timer = clock.after(ANSWER_MS_MAX, () => child.abort());
  const get = (at: string): Promise<{ readonly status: number; readonly value: unknown }> =>
    getJson(remote, api, at, child.signal);
  try {
    const { status, value } = await get(path);
    if (status < 200 || status >= 300) {
      return `failing or missing response from ${url}: bad status from ${url}: ${status}`;
    }
    const { resources } = (value ?? {}) as { readonly resources?: readonly RemoteResource[] };
    const index = await get('/openapi/v3').catch(() => undefined);
    const openapiPath = openapiPathIn(index?.value, path.slice(1));
    return { resources: resources ?? [], current: true, ...(openapiPath ? { openapiPath } : {}) };
  } catch (error) {
    if (child.signal.aborted && !signal.aborted) return `timed out waiting for ${url}`;
    return `failing or missing response from ${url}: Get "${url}": ${transportFailureText(error)}`;
  } finally {
    timer.cancel();
  }
}

function openapiPathIn(index: unknown, groupVersion: string): string | undefined {
  const { paths } = (index ?? {}) as { paths?: Record<string, { serverRelativeURL?: string } | undefined> };
  return paths?.[groupVersion]?.serverRelativeURL;
}

async function getJson(
  remote: RemoteClient,
  api: RemoteApi,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const headers = { accept: 'application/json', ...remoteUserHeaders(AGGREGATOR) };
  const { status, body } = await remote.request(api, { method: 'GET', path, headers, signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { status, value: parsed(Buffer.concat(chunks).toString()) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writeAvailability(
  { client, clock }: AvailabilityParts,
  { name }: RemoteApi,
  availability: Availability,
): Promise<void> {
  const current = await client.get(apiServices, { name });
  const conditions = conditionsWith(current, availability, clock.now());
  if (conditions) await client.updateStatus(apiServices, { ...current, status: { ...current.status, conditions } });
}
