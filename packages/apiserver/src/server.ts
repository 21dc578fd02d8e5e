import type { AddressInfo } from 'node:net';

import { builtinResources } from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';
import { TaskGroup, type Clock, type Component, type HealthCheck, type Logger, type Random } from '@kts/base';
import { Client, type Transport } from '@kts/client';
import type { Store } from '@kts/store';

import { answering } from './answer.ts';
import { AUTHENTICATED_GROUP, type Authenticator } from './authentication/authenticator.ts';
import { bearerTokenAuthenticator, type TokenAuthenticator } from './authentication/bearer-tokens.ts';
import { identityReviews } from './authentication/identity-reviews.ts';
import { signingKey, verificationKey } from './authentication/jwt.ts';
import { serviceAccountTokens, type BoundObjectReader } from './authentication/service-account-tokens.ts';
import { staticTokens } from './authentication/static-tokens.ts';
import { createTokenIssuer } from './authentication/token-issuer.ts';
import { x509Authenticator } from './authentication/x509.ts';
import { accessReviews } from './authorization/access-reviews.ts';
import { firstOpinion, type Authorizer } from './authorization/authorizer.ts';
import { escalationChecks } from './authorization/escalation.ts';
import { followNodeReferences } from './authorization/follow-nodes.ts';
import { followRbac } from './authorization/follow-rbac.ts';
import { nodeAuthorizer } from './authorization/node-authorizer.ts';
import { NodeReferences } from './authorization/node-references.ts';
import { mastersAuthorizer, rbacAuthorizer } from './authorization/rbac-authorizer.ts';
import { RbacRules } from './authorization/rbac-rules.ts';
import { bootstrapObjects } from './bootstrap/bootstrap-objects.ts';
import { ensureObjects } from './bootstrap/ensure-objects.ts';
import { isReachable, kubernetesService, publishEndpoints } from './bootstrap/kubernetes-service.ts';
import { nodeRules } from './bootstrap/rbac-policy.ts';
import { auditStage } from './chain/audit.ts';
import { authenticationStage } from './chain/authentication.ts';
import { authorizationStage } from './chain/authorization.ts';
import { composeChain } from './chain/chain.ts';
import { deadlineStage } from './chain/deadline.ts';
import { impersonationStage } from './chain/impersonation.ts';
import { DEFAULT_IN_FLIGHT, priorityAndFairnessStage, type InFlight } from './chain/priority-and-fairness.ts';
import { requestInfoStage } from './chain/request-info.ts';
import { ResourceCatalog } from './discovery/catalog.ts';
import { FlowClassifier } from './flowcontrol/classifier.ts';
import { followFlows } from './flowcontrol/follow-flows.ts';
import type { ObjectFollower } from './follow/object-follower.ts';
import { listen, type HttpServer, type TlsMaterial } from './http/http-server.ts';
import { createObjectEncoder } from './http/object-encoder.ts';
import { serveHttp } from './http/serve.ts';
import { askInProcess, createInProcessTransport, type InProcessOptions } from './in-process-transport.ts';
import { MetricRegistry } from './metrics/metric.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { measuringRequests } from './metrics/request-metrics.ts';
import { ensurePki, type ClusterPki, type PkiOptions } from './pki/cluster-pki.ts';
import { memoryFiles, type PkiFiles } from './pki/pki-files.ts';
import { createResourceServer } from './registry/create-resource-server.ts';
import type { UserInfo } from './request.ts';
import type { CreateResourceServer } from './resource-server.ts';
import type { Handler } from './response.ts';
import { createRouter, type PathRoute } from './routing/router.ts';
import { standardRoutes } from './routing/standard-routes.ts';
import { DEFAULT_SERVICE_RANGE, type ApiServerConfig } from './server-config.ts';

export interface ApiServerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Replaced in tests of everything around it. */
  readonly resources?: CreateResourceServer;
  /** Where keys and certificates are kept; absent: nowhere. */
  readonly files?: PkiFiles;
}

export interface ApiServer extends Component {
  readonly healthChecks: readonly HealthCheck[];
  /** Whoever serves custom resources adds their definitions here. */
  readonly catalog: ResourceCatalog;
  readonly pki: ClusterPki;
  /** Where it listens; undefined before `ready`, and for good without `secure` in the configuration. */
  readonly address: AddressInfo | undefined;
  /** A way in for a component in the same process, which acts as `user`. */
  inProcessTransport(user: UserInfo): Transport;
}

/** Who the server is to itself. */
const LOOPBACK: UserInfo = { name: 'system:apiserver', groups: ['system:masters', AUTHENTICATED_GROUP] };

/** Certificates that could not be renewed are tried again after so long. */
const RENEWAL_CHECK_MS_MIN = 60_000;

/** Makes an API server without starting anything. */
export function createApiServer(config: ApiServerConfig, deps: ApiServerDeps): ApiServer {
  const { clock, random, log } = deps;
  const catalog = new ResourceCatalog(builtinResources);
  const serviceRanges = config.serviceRanges ?? [DEFAULT_SERVICE_RANGE];
  const pkiOptions: PkiOptions = {
    files: deps.files ?? memoryFiles(),
    clock,
    random,
    serviceAddress: firstAddress(serviceRanges[0]!),
    ...(config.names ? { names: config.names } : {}),
    ...(config.clusterDomain ? { clusterDomain: config.clusterDomain } : {}),
  };
  let pki = ensurePki(pkiOptions);
  const stopped = new AbortController();
  let http: HttpServer | undefined;
  let synced = false;
  const identity = createIdentity(config, deps, pki, (plural, namespace, name) => read(plural, namespace, name));
  const rules = new RbacRules();
  const references = new NodeReferences();
  const authorizer = firstOpinion([mastersAuthorizer, nodeAuthorizer(references, nodeRules()), rbacAuthorizer(rules)]);
  const resources = (deps.resources ?? createResourceServer)({
    ...deps,
    catalog,
    authorizer,
    escalation: escalationChecks(authorizer, rules),
    tokenIssuer: identity.tokenIssuer,
    reviews: { ...accessReviews(authorizer, rules), ...identity.reviews },
    serviceRanges,
  });
  const classifier = new FlowClassifier();
  const inFlight: InFlight = { readOnly: 0, mutating: 0, rejected: 0 };
  const healthChecks: HealthCheck[] = [];
  const metrics = new MetricRegistry();
  for (const metric of processMetrics(clock)) metrics.register(metric);
  const chain = createChain(config, {
    catalog,
    resources: resources.handler,
    routes: standardRoutes({
      catalog,
      healthChecks: () => healthChecks,
      state: { store: deps.store, synced: () => synced, stopping: () => stopped.signal.aborted },
      log,
      ...identity,
      metrics,
      serverAddress: () => (http ? `${http.address.address}:${http.address.port}` : ''),
    }),
    authenticators: identity.authenticators,
    authorizer,
    classifier,
    inFlight,
    clock,
    log,
  });
  const answer = measuringRequests(chain, metrics, inFlight, clock);
  const inProcess: InProcessOptions = { answer, clock, random, stopped: stopped.signal };
  const ask = (path: string, query: Readonly<Record<string, string>> = {}): ReturnType<Handler> =>
    askInProcess(inProcess, LOOPBACK, path, query);
  const read: BoundObjectReader = async (plural, namespace, name) => {
    const home = plural === 'nodes' ? '' : `/namespaces/${namespace}`;
    const response = await ask(`/api/v1${home}/${plural}/${name}`);
    return response.kind === 'entry' && response.status === 200 ? (response.entry.object() as KubeObject) : undefined;
  };

  /** Certificates are replaced while the server runs, long before they expire. */
  const renewCertificates = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(Math.max(RENEWAL_CHECK_MS_MIN, pki.renewAt - clock.now()), signal);
      pki = ensurePki(pkiOptions);
      http?.replaceCertificates(tlsOf(pki));
      log.info('certificates renewed');
    }
  };

  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const run = async (signal: AbortSignal): Promise<void> => {
    const group = new TaskGroup(signal);
    try {
      await resources.start();
      const client = new Client(createInProcessTransport(inProcess, LOOPBACK));
      await ensureObjects(
        client,
        bootstrapObjects({
          serviceRanges,
          clientAuthority: pki.authority.certificate,
          frontProxyAuthority: pki.frontProxyAuthority.certificate,
          now: clock.now(),
        }),
        log,
      );
      const followers = [
        ...followRbac(rules, { ask, clock, log }),
        ...followFlows(classifier, { ask, clock, log }),
        ...followNodeReferences(references, { ask, clock, log }),
      ];
      await startFollowers(followers, group);
      synced = true;
      if (config.secure) {
        http = await startHttp(config.secure, deps, pki, catalog, answer);
        await publishService(client, http.address, config, log);
        group.start((signal) => renewCertificates(signal));
      }
      ready.resolve();
      await untilAborted(group.signal);
    } catch (error) {
      ready.reject(error as Error);
      group.stop();
      throw error;
    } finally {
      const closed = http?.close();
      stopped.abort();
      resources.close();
      await closed;
      await group.done();
    }
  };
  return {
    name: 'kube-apiserver',
    run,
    ready: ready.promise,
    healthChecks,
    catalog,
    get pki() {
      return pki;
    },
    get address() {
      return http?.address;
    },
    inProcessTransport: (user) => createInProcessTransport(inProcess, user),
  };
}

export interface ChainParts {
  readonly catalog: ResourceCatalog;
  readonly resources: Handler;
  readonly routes: readonly PathRoute[];
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly classifier: FlowClassifier;
  readonly inFlight: InFlight;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The chain every request goes through, over HTTP and in process alike. Always answers. */
export function createChain(config: ApiServerConfig, parts: ChainParts): Handler {
  const { catalog, authorizer, clock, log } = parts;
  const stages = [
    requestInfoStage(catalog),
    deadlineStage(clock, config.requestTimeoutMs),
    authenticationStage({ authenticators: parts.authenticators, anonymous: config.anonymous ?? true, log }),
    ...(config.audit ? [auditStage({ ...config.audit, clock })] : []),
    impersonationStage(authorizer),
    priorityAndFairnessStage(config.inFlight ?? DEFAULT_IN_FLIGHT, parts.inFlight, parts.classifier),
    authorizationStage(authorizer),
  ];
  return answering(composeChain(stages, createRouter(parts)), log);
}

/** Everything about who somebody is. */
function createIdentity(config: ApiServerConfig, deps: ApiServerDeps, pki: ClusterPki, read: BoundObjectReader) {
  const { clock, random } = deps;
  const issuer =
    config.serviceAccountIssuer ?? `https://kubernetes.default.svc.${config.clusterDomain ?? 'cluster.local'}`;
  const audiences = config.apiAudiences ?? [issuer];
  const keys = [verificationKey(pki.serviceAccount.publicKey)];
  const kinds: TokenAuthenticator[] = [
    ...(config.tokens ? [staticTokens(config.tokens)] : []),
    serviceAccountTokens({ keys, issuer, read, clock }),
  ];
  return {
    issuer,
    keys,
    tokenIssuer: createTokenIssuer({
      key: signingKey(pki.serviceAccount.privateKey),
      issuer,
      audiences,
      clock,
      random,
    }),
    reviews: identityReviews(kinds, audiences),
    authenticators: [x509Authenticator(clock), bearerTokenAuthenticator({ kinds, audiences, clock })],
  };
}

async function startFollowers(followers: readonly ObjectFollower[], group: TaskGroup): Promise<void> {
  for (const follower of followers) group.start((signal) => follower.run(signal));
  await Promise.all(followers.map((follower) => follower.synced));
}

function startHttp(
  secure: NonNullable<ApiServerConfig['secure']>,
  { clock, random, log }: ApiServerDeps,
  pki: ClusterPki,
  catalog: ResourceCatalog,
  answer: Handler,
): Promise<HttpServer> {
  return listen({
    ...secure,
    tls: tlsOf(pki),
    serve: serveHttp(answer, createObjectEncoder(catalog), log),
    clock,
    random,
    log,
  });
}

/** The Service through which pods find this server. */
async function publishService(
  client: Client,
  listening: AddressInfo,
  config: ApiServerConfig,
  log: Logger,
): Promise<void> {
  const clusterIP = firstAddress((config.serviceRanges ?? [DEFAULT_SERVICE_RANGE])[0]!);
  const address = config.advertiseAddress ?? listening.address;
  const { port } = listening;
  await ensureObjects(client, [[kubernetesService({ clusterIP, port })]], log);
  if (!isReachable(address)) return;
  await publishEndpoints(client, { clusterIP, address, port });
}

function tlsOf({ serving, authority }: ClusterPki): TlsMaterial {
  return { cert: serving.certificate, key: serving.key, ca: [authority.certificate] };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** The first address of an IPv4 or IPv6 range, which the `kubernetes` Service has. */
export function firstAddress(range: string): string {
  const network = range.slice(0, range.indexOf('/'));
  if (network.includes(':')) return network.endsWith('::') ? `${network}1` : network;
  const octets = network.split('.').map(Number);
  return [...octets.slice(0, 3), octets[3]! + 1].join('.');
}
