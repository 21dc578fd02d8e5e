import { generateKeyPairSync } from 'node:crypto';

import { builtinResources, namespaces, serviceAccounts } from '@kts/api';
import { deepFreeze } from '@kts/apimachinery';
import { seededRandom, silentLogger, type Clock, type Logger, type Random } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client, type Transport } from '@kts/client';
import { createMemoryStore, type Store } from '@kts/store';

import { answering } from '../answer.ts';
import { signingKey } from '../authentication/jwt.ts';
import { createTokenIssuer } from '../authentication/token-issuer.ts';
import { accessReviews } from '../authorization/access-reviews.ts';
import { ruleResolverOf } from '../authorization/authorization-modes.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { escalationChecks } from '../authorization/escalation.ts';
import { RbacRules } from '../authorization/rbac-rules.ts';
import { composeChain } from '../chain/chain.ts';
import { requestInfoStage } from '../chain/request-info.ts';
import { ResourceCatalog } from '../discovery/catalog.ts';
import { createInProcessTransport } from '../in-process-transport.ts';
import { createResourceServer } from '../registry/create-resource-server.ts';
import type { UserInfo } from '../request.ts';
import type { Handler } from '../response.ts';
import { createRouter } from '../routing/router.ts';
import { DEFAULT_SERVICE_RANGE } from '../server-config.ts';
import type { BackendConnector } from '../subresources/backend.ts';
import type { Dial } from '../subresources/socket-backend.ts';

export interface TestApiServerOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly store?: Store;
  readonly log?: Logger;
  /** Namespaces to begin with, each with a default service account. Default: `default` and `kube-system`. */
  readonly namespaces?: readonly string[];
  /** Admission plugins beside those that are on by default. */
  readonly admissionPlugins?: readonly string[];
  /** How webhooks are reached. */
  readonly dial?: Dial;
  /** What runs behind nodes, pods and services. Default: nothing does. */
  readonly backend?: BackendConnector;
}

/** A real API server without sockets: the same registry, cache, admission and strategies, on a memory store. */
export interface TestApiServer<C extends Clock = Clock> extends AsyncDisposable {
  readonly clock: C;
  readonly random: Random;
  readonly store: Store;
  /** Acts as a cluster administrator. */
  readonly client: Client;
  /** Acts as somebody else, for what depends on the user. */
  clientFor(user: UserInfo): Client;
  transportFor(user: UserInfo): Transport;
  /** Answers requests as they come over HTTP, for what a transport does not show. */
  readonly answer: Handler;
  close(): Promise<void>;
}

export const ADMIN: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ALLOW_ALL: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }) };

/**
 * Starts an API server for tests of whatever talks to one. Time stands still until the test moves its clock, objects
 * that come out of the cache are frozen, and nothing is asked about permissions.
 *
 * @example
 * await using server = await startTestApiServer();
 * await server.client.create(configMaps, { metadata: { name: 'web', namespace: 'default' } });
 */
export async function startTestApiServer(
  options: TestApiServerOptions & { readonly clock: Clock },
): Promise<TestApiServer>;
export async function startTestApiServer(options?: TestApiServerOptions): Promise<TestApiServer<FakeClock>>;
export async function startTestApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const clock = options.clock ?? new FakeClock();
  const random = options.random ?? seededRandom(1);
  const store = options.store ?? createMemoryStore({ clock });
  const log = options.log ?? silentLogger;
  const catalog = new ResourceCatalog(builtinResources);
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rules = new RbacRules();
  const resources = createResourceServer({
    store,
    catalog,
    authorizer: ALLOW_ALL,
    escalation: escalationChecks(ALLOW_ALL, rules),
    tokenIssuer: createTokenIssuer({
      key: signingKey(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      issuer: ISSUER,
      audiences: [ISSUER],
      clock,
      random,
    }),
    reviews: accessReviews(ALLOW_ALL, ruleResolverOf(['RBAC'], rules)),
    serviceRanges: [DEFAULT_SERVICE_RANGE],
    admissionPlugins: { enabled: options.admissionPlugins ?? [] },
    ...(options.dial ? { dial: options.dial } : {}),
    ...(options.backend ? { backend: options.backend } : {}),
    clock,
    random,
    log,
    seal: deepFreeze,
  });
  await resources.start();
  const router = createRouter({ catalog, resources: resources.handler, routes: [] });
  const answer = answering(composeChain([requestInfoStage(catalog)], router), log);
  const stop = new AbortController();
  const transportFor = (user: UserInfo): Transport =>
    createInProcessTransport({ answer, clock, random, stopped: stop.signal }, user);
  const client = new Client(transportFor(ADMIN));
  for (const name of options.namespaces ?? ['default', 'kube-system']) await createNamespace(client, name);
  const close = async (): Promise<void> => {
    stop.abort();
    resources.close();
    if (!options.store) await store.close();
  };
  return {
    clock,
    random,
    store,
    client,
    clientFor: (user) => new Client(transportFor(user)),
    transportFor,
    answer,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the namespace and service account controllers would make of a new namespace. */
async function createNamespace(client: Client, name: string): Promise<void> {
  await client.create(namespaces, { metadata: { name }, spec: {}, status: {} });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: name } });
}
