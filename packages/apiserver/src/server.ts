import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { builtinResources, secrets } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';
import { aborted, type Clock, type Component, type Logger, MetricRegistry, type Random, TaskGroup } from '@kts/base';
import { Client, type Transport } from '@kts/client';
import type { Store } from '@kts/store';

import { answering } from './answer.ts';
import { createAuditSink, type AuditSink } from './audit/audit-sink.ts';
import { createAggregator, type Aggregator } from './aggregation/aggregator.ts';
import type { InProcessServer } from './aggregation/remote-client.ts';
import { AUTHENTICATED_GROUP } from './authentication/authenticator.ts';
import { LAST_USED_LABEL, type LegacyTokenOptions } from './authentication/legacy-tokens.ts';
import type { BoundObjectReader } from './authentication/service-account-tokens.ts';
import { bootstrapObjects } from './bootstrap/bootstrap-objects.ts';
import { ensureObjects } from './bootstrap/ensure-objects.ts';
import { isReachable, kubernetesService, publishEndpoints } from './bootstrap/kubernetes-service.ts';
import { composeChain } from './chain/chain.ts';
import { requestInfoStage } from './chain/request-info.ts';
import { DEFAULT_IN_FLIGHT, type InFlight } from './chain/priority-and-fairness.ts';
import { REQUEST_TIMEOUT_MS } from './chain/deadline.ts';
import { COMPACTION_INTERVAL_MS, compactRegularly } from './compaction.ts';
import { ResourceCatalog } from './discovery/catalog.ts';
import { FlowClassifier } from './flowcontrol/classifier.ts';
import { FlowController } from './flowcontrol/flow-controller.ts';
import { FlowStatuses } from './flowcontrol/flow-statuses.ts';
import { followFlows } from './flowcontrol/follow-flows.ts';
import type { AskServer, ObjectFollower } from './follow/object-follower.ts';
import { listen, type HttpServer, type TlsMaterial } from './http/http-server.ts';
import { createObjectEncoder } from './http/object-encoder.ts';
import { serveHttp } from './http/serve.ts';
import { askInProcess, createInProcessTransport, type InProcessOptions } from './in-process-transport.ts';
import { accessMetrics, type AccessMetrics } from './metrics/access-metrics.ts';
import { flowMetrics, type FlowMetrics } from './metrics/flow-metrics.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { measuringRequests } from './metrics/request-metrics.ts';
import type { ClusterPki } from './pki/cluster-pki.ts';
import { memoryFiles, type PkiFiles } from './pki/pki-files.ts';
import { ServerCertificates } from './pki/server-certificates.ts';
import { createResourceServer } from './registry/create-resource-server.ts';
import type { UserInfo } from './request.ts';
import type { CreateResourceServer, ResourceServer } from './resource-server.ts';
import type { Handler } from './response.ts';
import { dialDirectly, socketBackend, type Dial } from './subresources/socket-backend.ts';
import { standardRoutes } from './routing/standard-routes.ts';
import { createAuthorization } from './server-authorization.ts';
import { createChain } from './server-chain.ts';
import { DEFAULT_SERVICE_RANGE, type ApiServerConfig, type SecureServing } from './server-config.ts';
import { createIdentity } from './server-identity.ts';
import { firstAddress } from './service-range.ts';

export interface ApiServerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Replaced in tests of everything around it. */
  readonly resources?: CreateResourceServer;
  /** Where keys and certificates are kept; absent: nowhere. */
  readonly files?: PkiFiles;
  /** How kubelets, pods and Services are reached; absent: from this machine's own network. */
  readonly dial?: Dial;
  /** API servers of this process, by `namespace/name` of the Service that an APIService names for them. */
  readonly inProcessServers?: ReadonlyMap<string, InProcessServer>;
}

export interface ApiServer extends Component {
  /** Whoever serves custom resources adds their definitions here. */
  readonly catalog: ResourceCatalog;
  readonly pki: ClusterPki;
  /** Where it listens; undefined before `ready`, and for good without `secure` in the configuration. */
  readonly address: AddressInfo | undefined;
  /** Serves a connection that somebody else has accepted: on another address, or in a node's network. */
  accept(connection: Duplex): void;
  /** A way in for a component in the same process, which acts as `user` and writes under the name of `userAgent`. */
  inProcessTransport(user: UserInfo, userAgent?: string): Transport;
}

/** Who the server is to itself. */
const LOOPBACK: UserInfo = { name: 'system:apiserver', groups: ['system:masters', AUTHENTICATED_GROUP] };

/** Makes an API server without starting anything. */
export function createApiServer(config: ApiServerConfig, deps: ApiServerDeps): ApiServer {
  const { clock, random, log } = deps;
  const catalog = new ResourceCatalog(builtinResources);
  const serviceRanges = config.serviceRanges ?? [DEFAULT_SERVICE_RANGE];
  const certificates = new ServerCertificates(pkiOptions(config, deps, serviceRanges));
  const state: ServerState = { stopped: new AbortController(), synced: false, http: undefined };
  const ask: AskServer = (path, query) => askInProcess(inProcess, LOOPBACK, path, query);
  const { serviceAccount } = certificates.current;
  const read = boundObjectReader(ask);
  const markUsed: LegacyTokenOptions['markUsed'] = (secret, date) => markTokenUsed(client, secret, date, log);
  const identity = createIdentity(config, { clock, random, serviceAccount, read, markUsed });
  const authorization = createAuthorization(config.authorizationModes);
  const resources = (deps.resources ?? createResourceServer)({
    ...deps,
    catalog,
    authorizer: authorization.authorizer,
    escalation: authorization.escalation,
    tokenIssuer: identity.tokenIssuer,
    reviews: { ...authorization.reviews, ...identity.reviews },
    serviceRanges,
    ...(config.admissionPlugins ? { admissionPlugins: config.admissionPlugins } : {}),
    backend: socketBackend(certificates.current.kubeletClient, deps.dial),
  });
  const classifier = new FlowClassifier();
  const flowMeters = flowMetrics(() => flows?.levels ?? new Map<string, never>());
  const flows = createFlowController(config, clock, flowMeters.onWait);
  const flowStatuses = new FlowStatuses({ client: () => client, clock, log });
  const aggregator = createAggregator({
    client: () => client,
    ask,
    certificate: () => certificates.current.frontProxyClient,
    dial: deps.dial ?? dialDirectly,
    inProcess: deps.inProcessServers,
    clock,
    random,
    log,
  });
  const audit = config.audit && createAuditSink(config.audit, clock, log);
  const metrics = new MetricRegistry();
  const access = accessMetrics();
  const measured = [processMetrics(clock), access.metrics, flowMeters.metrics, resources.metrics ?? []];
  for (const metric of measured.flat()) metrics.register(metric);
  const parts = {
    audit,
    catalog,
    resources,
    identity,
    authorization,
    classifier,
    flows,
    aggregator,
    metrics,
    access,
    state,
  };
  const answer = createAnswer(config, deps, parts);
  const inProcess: InProcessOptions = { answer, clock, random, stopped: state.stopped.signal };

  const client = new Client(createInProcessTransport(inProcess, LOOPBACK));
  // What the server writes before anybody can ask for anything need not be asked who it is, unless somebody records it.
  const shortWay = answering(composeChain([requestInfoStage(catalog)], resources.handler), log);
  const ownClient = audit ? client : new Client(createInProcessTransport({ ...inProcess, answer: shortWay }, LOOPBACK));
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const start = async (group: TaskGroup): Promise<void> => {
    await resources.start();
    const writeStatuses = await bootstrap(ownClient, config, serviceRanges, certificates.current, deps);
    const followerDeps = { ask, clock, log };
    await follow(
      [
        ...authorization.followers(followerDeps),
        ...followFlows(classifier, flows, flowStatuses, followerDeps),
        aggregator.follower,
      ],
      group,
    );
    state.synced = true;
    group.start((signal) => aggregator.run(signal));
    const compactionMs = config.compactionIntervalMs ?? COMPACTION_INTERVAL_MS;
    group.start((signal) => compactRegularly(deps.store, compactionMs, deps, signal));
    group.start(async (signal) => {
      await writeStatuses();
      await flowStatuses.run(signal);
    });
    if (!config.secure) return;
    const http = await startHttp(config, config.secure, deps, certificates.current, catalog, answer);
    state.http = http;
    await publishService(client, http.address, config, log);
    group.start((signal) => certificates.keepFresh((pki) => http.replaceCertificates(tlsOf(pki, config)), log, signal));
  };
  return {
    name: 'kube-apiserver',
    ready: ready.promise,
    run: (signal) => runServer(signal, start, ready, () => stop(state, resources, aggregator, audit)),
    catalog,
    get pki() {
      return certificates.current;
    },
    get address() {
      return state.http?.address;
    },
    accept: (connection) => {
      if (state.http) state.http.accept(connection);
      else connection.destroy();
    },
    inProcessTransport: (user, userAgent) =>
      createInProcessTransport({ ...inProcess, ...(userAgent ? { userAgent } : {}) }, user),
  };
}

/** What changes while a server starts, runs and stops. */
interface ServerState {
  readonly stopped: AbortController;
  synced: boolean;
  http: HttpServer | undefined;
}

async function runServer(
  signal: AbortSignal,
  start: (group: TaskGroup) => Promise<void>,
  ready: PromiseWithResolvers<void>,
  stopping: () => Promise<void>,
): Promise<void> {
  const group = new TaskGroup(signal);
  try {
    await start(group);
    ready.resolve();
    await aborted(group.signal);
  } catch (error) {
    ready.reject(error as Error);
    throw error;
  } finally {
    group.stop();
    await stopping();
    await group.done();
  }
}

/** New connections are refused first, then watches are ended, then connections are closed. */
async function stop(
  state: ServerState,
  resources: ResourceServer,
  aggregator: Aggregator,
  audit: AuditSink | undefined,
): Promise<void> {
  const closed = state.http?.close();
  state.stopped.abort();
  resources.close();
  aggregator.close();
  await closed;
  await audit?.close();
}

function pkiOptions(config: ApiServerConfig, deps: ApiServerDeps, serviceRanges: readonly string[]) {
  return {
    files: deps.files ?? memoryFiles(),
    clock: deps.clock,
    random: deps.random,
    serviceAddress: firstAddress(serviceRanges[0]!),
    ...(config.names ? { names: config.names } : {}),
    ...(config.clusterDomain ? { clusterDomain: config.clusterDomain } : {}),
  };
}

interface AnswerParts {
  readonly catalog: ResourceCatalog;
  readonly resources: ResourceServer;
  readonly identity: ReturnType<typeof createIdentity>;
  readonly authorization: ReturnType<typeof createAuthorization>;
  readonly classifier: FlowClassifier;
  readonly flows: FlowController | undefined;
  readonly aggregator: Aggregator;
  readonly audit: AuditSink | undefined;
  readonly metrics: MetricRegistry;
  readonly access: AccessMetrics;
  readonly state: ServerState;
}

/** A quarter of a request's time is for waiting. */
function createFlowController(
  { inFlight, requestTimeoutMs }: ApiServerConfig,
  clock: Clock,
  onWait: FlowMetrics['onWait'],
): FlowController | undefined {
  const { readOnly, mutating } = inFlight ?? DEFAULT_IN_FLIGHT;
  const serverSeats = readOnly + mutating;
  const waitMs = (requestTimeoutMs ?? REQUEST_TIMEOUT_MS) / 4;
  return serverSeats > 0 ? new FlowController({ clock, serverSeats, waitMs, onWait }) : undefined;
}

/** The chain with its routes, measured. */
function createAnswer(config: ApiServerConfig, { store, clock, log }: ApiServerDeps, parts: AnswerParts): Handler {
  const { catalog, resources, identity, authorization, classifier, flows, aggregator, audit, metrics, access, state } =
    parts;
  const inFlight: InFlight = { readOnly: 0, mutating: 0 };
  const chain = createChain(config, {
    catalog,
    resources: resources.handler,
    audit: config.audit && audit && { policy: config.audit.policy, write: (line) => audit.write(line) },
    remote: (request) => aggregator.answer(request),
    routes: standardRoutes({
      catalog,
      remotes: aggregator.apis,
      state: { store, synced: () => state.synced, stopping: () => state.stopped.signal.aborted },
      log,
      issuer: identity.issuer,
      keys: identity.keys,
      jwksUri: config.jwksUri,
      metrics,
      clock,
      flags: config.flags ?? {},
      serverAddress: () => (state.http ? `${state.http.address.address}:${state.http.address.port}` : ''),
    }),
    authenticators: identity.authenticators,
    authorizer: authorization.authorizer,
    fairness: { classifier, controller: flows, inFlight, count: (request) => resources.count(request) },
    access,
    clock,
    log,
  });
  return measuringRequests(chain, metrics, inFlight, clock);
}

function boundObjectReader(ask: AskServer): BoundObjectReader {
  return async (plural, namespace, name) => {
    const home = plural === 'nodes' ? '' : `/namespaces/${namespace}`;
    const response = await ask(`/api/v1${home}/${plural}/${name}`, {});
    return response.kind === 'entry' && response.status === 200 ? (response.entry.object() as KubeObject) : undefined;
  };
}

function markTokenUsed(client: Client, { metadata }: Secret, date: string, log: Logger): void {
  const { namespace, name, uid } = metadata;
  const body = { metadata: { uid, labels: { [LAST_USED_LABEL]: date } } };
  client.patch(secrets, metadata, { type: 'merge', body }).catch((error: unknown) => {
    log.error('cannot label a legacy token with the date of its last use', { secret: `${namespace}/${name}`, error });
  });
}

function bootstrap(
  client: Client,
  config: ApiServerConfig,
  serviceRanges: readonly string[],
  pki: ClusterPki,
  { clock, log }: ApiServerDeps,
): Promise<() => Promise<void>> {
  const objects = bootstrapObjects({
    serviceRanges,
    clientAuthority: clientAuthorities(pki, config).join(''),
    frontProxyAuthority: pki.frontProxyAuthority.certificate,
    now: clock.now(),
  });
  return ensureObjects(client, objects, log);
}

async function follow(followers: readonly ObjectFollower[], group: TaskGroup): Promise<void> {
  for (const follower of followers) group.start((signal) => follower.run(signal));
  await Promise.all(followers.map((follower) => follower.synced));
}

function startHttp(
  config: ApiServerConfig,
  secure: SecureServing,
  { clock, random, log }: ApiServerDeps,
  pki: ClusterPki,
  catalog: ResourceCatalog,
  answer: Handler,
): Promise<HttpServer> {
  return listen({
    ...secure,
    tls: tlsOf(pki, config),
    authorities: {
      clients: clientAuthorities(pki, config).map((pem) => new X509Certificate(pem)),
      frontProxies: [new X509Certificate(pki.frontProxyAuthority.certificate)],
    },
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

function tlsOf(pki: ClusterPki, config: ApiServerConfig): TlsMaterial {
  const { serving, frontProxyAuthority } = pki;
  const ca = [...clientAuthorities(pki, config), frontProxyAuthority.certificate];
  return { cert: serving.certificate, key: serving.key, ca };
}

function clientAuthorities({ authority }: ClusterPki, config: ApiServerConfig): readonly string[] {
  return [authority.certificate, ...(config.clientAuthorities ?? [])];
}
