/**
 * What a component serves over HTTPS: its health and its metrics.
 *
 * Mirrors: cmd/kube-controller-manager/app/serve.go, staging/src/k8s.io/apiserver/pkg/server/healthz (v1.36)
 */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { forbiddenRequest, StatusError, unauthorized } from '@kts/apimachinery';
import type { HealthCheck, Logger } from '@kts/base';

import { ANONYMOUS, type ComponentUser, type DelegatedAccess } from './delegated-access.ts';

export interface ComponentServerConfig {
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the authorities whose client certificates are believed. */
  readonly clientCA?: string;
  /** Paths that everybody may read; a `*` at the end stands for the rest. */
  readonly alwaysAllowPaths: readonly string[];
}

export interface ComponentServerDependencies {
  readonly access: DelegatedAccess;
  readonly checks: () => readonly HealthCheck[];
  /** Lines of metrics. */
  readonly metrics: () => readonly string[];
  readonly log: Logger;
}

export interface ComponentServer {
  readonly port: number;
  close(): Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';
const METRICS = 'text/plain; version=0.0.4; charset=utf-8';

export async function startComponentServer(
  config: ComponentServerConfig,
  deps: ComponentServerDependencies,
): Promise<ComponentServer> {
  const server = createServer({
    cert: config.certificate,
    key: config.key,
    requestCert: true,
    // Who shows no certificate may still have a token, or ask for what everybody may know.
    rejectUnauthorized: false,
    ...(config.clientCA === undefined ? {} : { ca: config.clientCA }),
  });
  server.on('request', (request, response) => {
    void answer(request, response, config, deps).catch((error: unknown) => {
      deps.log.error('cannot answer a request', { path: request.url, error });
      response.destroy();
    });
  });
  await listen(server, config);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { address, port }: ComponentServerConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  config: ComponentServerConfig,
  deps: ComponentServerDependencies,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://component');
  const stop = new AbortController();
  response.once('close', () => stop.abort());
  try {
    await checkAccess(request, pathname, config, deps, stop.signal);
  } catch (error) {
    if (!StatusError.is(error)) throw error;
    return send(response, error.status.code ?? 500, JSON.stringify(error.status), 'application/json');
  }
  if (pathname === '/metrics') return send(response, 200, `${deps.metrics().join('\n')}\n`, METRICS);
  const name = /^\/healthz(?:\/(.*))?$/.exec(pathname);
  if (!name) return send(response, 404, '404 page not found\n', TEXT);
  const checks = deps.checks().filter((check) => !name[1] || check.name === name[1]);
  if (checks.length === 0 && name[1]) return send(response, 404, '404 page not found\n', TEXT);
  const excluded = new Set(searchParams.getAll('exclude'));
  const { isHealthy, lines } = await runChecks(checks.filter(({ name: each }) => !excluded.has(each)));
  if (!isHealthy) return send(response, 500, `${lines.join('\n')}\nhealthz check failed\n`, TEXT);
  send(response, 200, searchParams.has('verbose') ? `${lines.join('\n')}\nhealthz check passed\n` : 'ok', TEXT);
}

async function runChecks(
  checks: readonly HealthCheck[],
): Promise<{ readonly isHealthy: boolean; readonly lines: readonly string[] }> {
  const results = await Promise.allSettled(checks.map((check) => check.check()));
  const lines = results.map(({ status }, index) => {
    const { name } = checks[index]!;
    return status === 'fulfilled' ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
  });
  return { isHealthy: results.every(({ status }) => status === 'fulfilled'), lines };
}

/** Throws Unauthorized or Forbidden. */
async function checkAccess(
  request: IncomingMessage,
  path: string,
  { alwaysAllowPaths }: ComponentServerConfig,
  { access }: ComponentServerDependencies,
  signal: AbortSignal,
): Promise<void> {
  const isOpen = alwaysAllowPaths.some((open) =>
    open.endsWith('*') ? path.startsWith(open.slice(0, -1)) : open === path,
  );
  if (isOpen) return;
  const user = await userOf(request, access, signal);
  const verb = (request.method ?? 'GET').toLowerCase();
  if (await access.isAllowed(user, path, verb, signal)) return;
  throw forbiddenRequest({ group: '', plural: '' }, '', `User "${user.username}" cannot ${verb} path "${path}"`);
}

async function userOf(request: IncomingMessage, access: DelegatedAccess, signal: AbortSignal): Promise<ComponentUser> {
  const socket = request.socket as TLSSocket;
  const certificate = socket.authorized ? socket.getPeerCertificate().subject : undefined;
  if (certificate?.CN) {
    const groups = [certificate.O ?? []].flat();
    return { username: [certificate.CN].flat().join(','), groups: [...groups, 'system:authenticated'] };
  }
  const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return ANONYMOUS;
  const user = await access.userOfToken(token, signal).catch(() => undefined);
  if (!user) throw unauthorized();
  return user;
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
}
