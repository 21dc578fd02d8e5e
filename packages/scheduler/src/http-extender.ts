import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import type { Pod } from '@kts/api/types/core-v1';
import { durationToMs } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import type { ExtenderConfiguration, ExtenderTLSConfiguration } from './configuration/kube-scheduler-configuration.ts';
import type { Extender, ExtenderVerdict, ExtenderVictims } from './framework/extender.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { Candidate } from './framework/plugin.ts';

/**
 * An extender that is asked over HTTP.
 *
 * Mirrors: pkg/scheduler/extender.go and staging/src/k8s.io/kube-scheduler/extender/v1/types.go (v1.36)
 */
export interface HttpExtenderDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 5000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export function createHttpExtender(config: ExtenderConfiguration, deps: HttpExtenderDeps): Extender {
  const { urlPrefix: name, filterVerb, prioritizeVerb, preemptVerb, bindVerb, nodeCacheCapable } = config;
  const managed = new Set(config.managedResources?.map((resource) => resource.name));
  const send = sender(config, deps);
  return {
    name,
    ignorable: config.ignorable ?? false,
    weight: config.weight ?? 1,
    isInterested: (pod) => managed.size === 0 || usesAny(pod, managed),
    ...(filterVerb && {
      filter: async (pod, nodes) =>
        verdict(name, nodes, await send(filterVerb, nodeArgs(pod, nodes, nodeCacheCapable))),
    }),
    ...(prioritizeVerb && {
      prioritize: async (pod, nodes) => {
        const answer = await send(prioritizeVerb, nodeArgs(pod, nodes, nodeCacheCapable));
        const list = Array.isArray(answer) ? answer : [];
        return new Map(list.map((entry) => [field<string>(entry, 'Host') ?? '', field<number>(entry, 'Score') ?? 0]));
      },
    }),
    ...(preemptVerb && {
      preempt: async (pod, candidates) =>
        victims(await send(preemptVerb, preemptionArgs(pod, candidates, nodeCacheCapable))),
    }),
    ...(bindVerb && {
      bind: async ({ metadata }, Node) => {
        const { name: PodName, namespace: PodNamespace, uid: PodUID } = metadata;
        failOnError(await send(bindVerb, { PodName, PodNamespace, PodUID, Node }));
      },
    }),
  };
}

function usesAny({ spec }: Pod, names: ReadonlySet<string>): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) =>
    [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})].some((name) =>
      names.has(name),
    ),
  );
}

function nodeArgs(Pod: Pod, nodes: readonly NodeInfo[], namesOnly: boolean | undefined): object {
  if (namesOnly) return { Pod, Nodes: null, NodeNames: nodes.map(({ name }) => name) };
  return { Pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) }, NodeNames: null };
}

function preemptionArgs(Pod: Pod, candidates: readonly Candidate[], namesOnly: boolean | undefined): object {
  const byNode = (pods: (candidate: Candidate) => readonly unknown[]): object =>
    Object.fromEntries(
      candidates.map((candidate) => [
        candidate.node.name,
        { Pods: pods(candidate), NumPDBViolations: candidate.violations },
      ]),
    );
  return namesOnly
    ? {
        Pod,
        NodeNameToVictims: null,
        NodeNameToMetaVictims: byNode(({ victims: pods }) => pods.map(({ uid }) => ({ UID: uid }))),
      }
    : {
        Pod,
        NodeNameToVictims: byNode(({ victims: pods }) => pods.map(({ pod }) => pod)),
        NodeNameToMetaVictims: null,
      };
}

function verdict(extender: string, nodes: readonly NodeInfo[], answer: unknown): ExtenderVerdict {
  failOnError(answer);
  const list = field<{ readonly items?: readonly { readonly metadata: { readonly name: string } }[] }>(answer, 'Nodes');
  const names =
    field<readonly string[]>(answer, 'NodeNames') ?? list?.items?.map(({ metadata }) => metadata.name) ?? [];
  const known = new Set(nodes.map(({ name }) => name));
  const stranger = names.find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new Error(
      `extender "${extender}" claims a filtered node "${stranger}" which is not found in the input node list`,
    );
  }
  return {
    nodes: names,
    failed: field<Record<string, string>>(answer, 'FailedNodes') ?? {},
    failedAndUnresolvable: field<Record<string, string>>(answer, 'FailedAndUnresolvableNodes') ?? {},
  };
}

function victims(answer: unknown): ReadonlyMap<string, ExtenderVictims> {
  const byNode = field<Record<string, unknown>>(answer, 'NodeNameToMetaVictims') ?? {};
  return new Map(
    Object.entries(byNode).map(([node, entry]) => {
      const pods = field<readonly unknown[]>(entry, 'Pods') ?? [];
      const uids = pods.map((pod) => field<string>(pod, 'UID') ?? '');
      return [node, { uids, violations: field<number>(entry, 'NumPDBViolations') ?? 0 }];
    }),
  );
}

function failOnError(answer: unknown): void {
  const error = field<string>(answer, 'Error');
  if (error) throw new Error(error);
}

/** Upstream's types have no names for JSON, so extenders write them in either case. */
function field<T>(object: unknown, name: string): T | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const key = Object.keys(object).find((other) => other.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : (((object as Record<string, unknown>)[key] as T | null) ?? undefined);
}

type Send = (verb: string, body: object) => Promise<unknown>;

function sender(config: ExtenderConfiguration, { clock, signal }: HttpExtenderDeps): Send {
  const prefix = config.urlPrefix.replace(/\/+$/, '');
  const timeoutMs = durationToMs(config.httpTimeout ?? '0s') || TIMEOUT_MS;
  const tls = tlsOptions(config);
  return async (verb, body) => {
    const url = `${prefix}/${verb}`;
    const { status, text } = await post(url, JSON.stringify(body), tls, { clock, signal, timeoutMs });
    if (status !== 200) throw new Error(`failed ${verb} with extender at URL ${url}, code ${status}`);
    return JSON.parse(text);
  };
}

/** Without an authority of its own an extender's certificate is not checked. */
function tlsOptions({ enableHTTPS, tlsConfig: tls = {} }: ExtenderConfiguration): RequestOptions {
  const [ca, cert, key] = [pem(tls, 'ca'), pem(tls, 'cert'), pem(tls, 'key')];
  const unchecked = tls.insecure === true || (enableHTTPS === true && ca === undefined);
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(tls.serverName && { servername: tls.serverName }),
    ...(unchecked && { rejectUnauthorized: false }),
  };
}

function pem(tls: ExtenderTLSConfiguration, name: 'ca' | 'cert' | 'key'): Buffer | undefined {
  const [data, file] = [tls[`${name}Data`], tls[`${name}File`]];
  if (data) return Buffer.from(data, 'base64');
  return file ? readFileSync(file) : undefined;
}

interface Patience extends HttpExtenderDeps {
  readonly timeoutMs: number;
}

function post(
  url: string,
  body: string,
  tls: RequestOptions,
  { clock, signal, timeoutMs }: Patience,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const isSecure = url.startsWith('https:');
  const request = (isSecure ? requestHttps : requestHttp)(
    url,
    { method: 'POST', headers, ...(isSecure && tls) },
    (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) request.destroy(new Error(`extender at URL ${url} answered with too much`));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    },
  );
  const timer = clock.after(timeoutMs, () =>
    request.destroy(
      new Error(`Post "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`),
    ),
  );
  const onAbort = (): void => void request.destroy(new Error('stopped'));
  signal.addEventListener('abort', onAbort, { once: true });
  request.on('error', reject);
  request.on('close', () => {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  });
  request.end(body);
  return promise;
}
