import { apiServices, endpointSlices, services } from '@kts/api';
import type { Clock, Logger, Random } from '@kts/base';
import type { Client } from '@kts/client';

import { chooseEndpoint } from '../admission/webhook/service-endpoint.ts';
import { followObjects, type AskServer, type ObjectFollower } from '../follow/object-follower.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import { proxyRemote } from './proxy-remote.ts';
import { RemoteApis } from './remote-apis.ts';
import { createRemoteClient, type ClientCertificate, type InProcessServer } from './remote-client.ts';
import { watchAvailability } from './watch-availability.ts';

export interface AggregatorParts {
  /** Acts as this server. */
  readonly client: () => Client;
  readonly ask: AskServer;
  readonly certificate: () => ClientCertificate;
  readonly dial: Dial;
  /** Servers of this process, by `namespace/name` of the Service that stands for them. */
  readonly inProcess?: ReadonlyMap<string, InProcessServer> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Makes other API servers part of this one. */
export interface Aggregator {
  readonly apis: RemoteApis;
  /** The answer of another server; undefined: this one answers for that path. */
  answer(request: ApiServerRequest): Promise<ApiServerResponse> | undefined;
  readonly follower: ObjectFollower;
  /** Keeps an eye on the other servers until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  close(): void;
}

const OPENAPI = '/openapi/v3';

export function createAggregator(parts: AggregatorParts): Aggregator {
  const { ask, certificate, dial, inProcess, clock, random, log } = parts;
  const apis = new RemoteApis();
  const remote = createRemoteClient({
    certificate,
    dial,
    ...(inProcess ? { inProcess } : {}),
    resolve: async ({ namespace, name, port }) => {
      const client = parts.client();
      const service = await client.get(services, { namespace, name });
      const labelSelector = `kubernetes.io/service-name=${name}`;
      const slices = await client.list(endpointSlices, { namespace, labelSelector });
      return chooseEndpoint(service, slices.items, port, random);
    },
  });
  return {
    apis,
    answer: (request) => {
      if (apis.isEmpty) return undefined;
      const { path } = request;
      const api = apis.ofPath(path.startsWith(`${OPENAPI}/`) ? path.slice(OPENAPI.length) : path);
      return api && proxyRemote(api, remote, request);
    },
    follower: followObjects({
      resource: apiServices,
      ask,
      clock,
      log,
      onObject: ({ name }, service) => apis.set(name, service),
    }),
    run: (signal) => watchAvailability({ apis, remote, client: parts.client(), clock, log }, signal),
    close: () => remote.close(),
  };
}
