/**
 * The way from nodes to image registries. Nodes have no route out of the machine, and pods shall have none, so each node's
 * containerd (nothing else: it takes a password) is given an HTTP proxy that makes connections in the machine's own network.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';

import type { Logger } from '@kts/base';

export interface RegistryProxyConfig {
  readonly password: string;
  /** IPv4 ranges of pods and Services, which are never asked for outside of the cluster. */
  readonly clusterRanges: readonly string[];
  /** Registries that exist on this machine only: nobody is asked for them. */
  readonly localRegistries: readonly string[];
}

export interface RegistryProxyDeps {
  /** Makes TCP connections, to names too. */
  readonly network: { connect(port: number, host: string): Socket };
  readonly log: Logger;
}

const USER = 'containerd';
const TUNNELS_MAX = 256;
/** How long a registry may take to accept a connection. Source: containerd's own limit. */
const CONNECT_MS_MAX = 30_000;
const HTTPS_PORT = 443;
/** From which verbosity on broken pulls are logged here too: the kubelet tells of them anyway. */
const DETAIL = 2;

/** What containerd is told of the proxy: Go's variables. What `direct` says (addresses and ranges) is asked for directly. */
export function registryProxyEnvironment(
  { password }: Pick<RegistryProxyConfig, 'password'>,
  address: string,
  direct: readonly string[],
): Readonly<Record<string, string>> {
  const url = `http://${USER}:${password}@${address}`;
  return { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: direct.join(',') };
}

/** The proxy, not yet listening. */
export function createRegistryProxy(config: RegistryProxyConfig, deps: RegistryProxyDeps): Server {
  const server = createServer((incoming, response) => forward(config, deps, incoming, response));
  server.maxConnections = TUNNELS_MAX;
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(config, deps, incoming, client, head);
  });
  return server;
}

/** HTTPS: bytes to and fro. */
function tunnel(
  config: RegistryProxyConfig,
  { network, log }: RegistryProxyDeps,
  incoming: IncomingMessage,
  client: Duplex,
  head: Buffer,
): void {
  const target = parseTarget(`https://${incoming.url ?? ''}`);
  const refusal = refusalOf(config, incoming, target);
  client.on('error', (error) => log.debug(DETAIL, 'a pull was broken off', { error }));
  // Go shows what stands behind the number to whoever asked for the image.
  const end = (status: number, reason: string): void =>
    void client.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Length: 0\r\n${challenge(status)}\r\n`);
  if (refusal) return end(...refusal);
  const { port, host } = target!;
  const registry = network.connect(port, host);
  registry.setTimeout(CONNECT_MS_MAX, () => registry.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)));
  registry.once('error', (error) => end(502, oneLine(error.message)));
  registry.once('connect', () => {
    registry.setTimeout(0);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    registry.write(head);
    pipeline(client, registry, client, (error) => {
      if (error) log.debug(DETAIL, 'a pull was broken off', { registry: host, error });
    });
  });
}

/** HTTP, as registries without TLS speak. */
function forward(
  config: RegistryProxyConfig,
  { network, log }: RegistryProxyDeps,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const target = parseTarget(incoming.url ?? '');
  const refusal = refusalOf(config, incoming, target);
  const end = (status: number, reason: string): void => {
    response.writeHead(status, status === 407 ? { 'Proxy-Authenticate': 'Basic' } : {}).end(reason);
  };
  if (refusal) return end(...refusal);
  const { port, host, path } = target!;
  const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
  const outgoing = request({
    method: incoming.method,
    host,
    port,
    path,
    headers,
    timeout: CONNECT_MS_MAX,
    createConnection: () => network.connect(port, host),
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)));
  outgoing.on('error', (error) => (response.headersSent ? response.destroy() : end(502, oneLine(error.message))));
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    pipeline(answer, response, (error) => {
      if (error) log.debug(DETAIL, 'a pull was broken off', { registry: host, error });
    });
  });
  pipeline(incoming, outgoing, () => {});
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** Of an absolute URL; undefined for anything else. */
function parseTarget(text: string): Target | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port ? Number(url.port) : url.protocol === 'http:' ? 80 : HTTPS_PORT;
  return { host, port, path: url.pathname + url.search };
}

/** Status and reason, if the request may not pass. */
function refusalOf(
  { password, clusterRanges, localRegistries }: RegistryProxyConfig,
  { headers }: IncomingMessage,
  target: Target | undefined,
): readonly [status: number, reason: string] | undefined {
  const expected = Buffer.from(`Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`);
  const given = Buffer.from(headers['proxy-authorization'] ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return [407, 'this proxy is for pulling images only'];
  }
  if (!target) return [400, 'not the address of a registry'];
  if (localRegistries.includes(target.host)) {
    return [404, `${target.host} has only what "kts image load" has brought`];
  }
  return isWithin(target.host, clusterRanges) ? [403, 'pods and Services are not outside'] : undefined;
}

function isWithin(host: string, ranges: readonly string[]): boolean {
  if (isIP(host) !== 4) return false;
  const list = new BlockList();
  for (const range of ranges) {
    const [base = '', bits] = range.split('/');
    list.addSubnet(base, Number(bits), 'ipv4');
  }
  return list.check(host);
}

const challenge = (status: number): string => (status === 407 ? 'Proxy-Authenticate: Basic\r\n' : '');
const oneLine = (text: string): string => text.replaceAll(/[^\x20-\x7e]+/g, ' ');
