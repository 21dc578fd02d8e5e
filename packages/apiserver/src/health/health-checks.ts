/**
 * `/livez`, `/readyz`, `/healthz` and each of their checks.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go (v1.36)
 */
import type { HealthCheck, Logger } from '@kts/base';

import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import { pageNotFound, plainText } from '../routing/not-found.ts';
import type { PathRoute } from '../routing/router.ts';

/**
 * The route of one kind of health, such as `livez`, with its checks below it. `onCheck` is told what became of each, for
 * metrics.
 */
export function healthRoute(
  name: string,
  checks: () => readonly HealthCheck[],
  log: Logger,
  onCheck?: (type: string, name: string, healthy: boolean) => void,
): PathRoute {
  const told = (): readonly HealthCheck[] =>
    onCheck ? checks().map((check) => telling(check, (healthy) => onCheck(name, check.name, healthy))) : checks();
  return {
    path: `/${name}`,
    subpaths: true,
    handler: (request) =>
      request.path === `/${name}`
        ? answerAll(name, told(), request, log)
        : answerOne(told(), request.path.slice(name.length + 2), log),
  };
}

function telling(one: HealthCheck, tell: (healthy: boolean) => void): HealthCheck {
  return {
    name: one.name,
    check: async () => {
      try {
        await one.check();
      } catch (error) {
        tell(false);
        throw error;
      }
      tell(true);
    },
  };
}

/** A check that cannot fail, for parts that are there as soon as the server is. */
export const passing = (name: string): HealthCheck => ({ name, check: () => Promise.resolve() });

async function answerAll(
  name: string,
  checks: readonly HealthCheck[],
  request: ApiServerRequest,
  log: Logger,
): Promise<ApiServerResponse> {
  const excluded = new Set(request.query.getAll('exclude'));
  let lines = '';
  const failed: string[] = [];
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines += `[+]${check.name} excluded: ok\n`;
    } else if ((await problemOf(check)) === undefined) {
      lines += `[+]${check.name} ok\n`;
    } else {
      failed.push(check.name);
      lines += `[-]${check.name} failed: reason withheld\n`;
    }
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((text) => JSON.stringify(text)).join(', ');
    lines += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  const headers = { 'x-content-type-options': 'nosniff' };
  if (failed.length > 0) {
    log.warn('health check failed', { endpoint: name, checks: failed });
    return plainText(500, `${lines}${name} check failed\n`, headers);
  }
  const verbose = request.query.has('verbose');
  return plainText(200, verbose ? `${lines}${name} check passed\n` : 'ok', headers);
}

async function answerOne(checks: readonly HealthCheck[], name: string, log: Logger): Promise<ApiServerResponse> {
  const check = checks.find((candidate) => candidate.name === name);
  if (!check) return pageNotFound();
  const problem = await problemOf(check);
  if (problem === undefined) return plainText(200, 'ok', { 'x-content-type-options': 'nosniff' });
  log.warn('health check failed', { check: name, error: problem });
  return plainText(500, `internal server error: ${problem}\n`, { 'x-content-type-options': 'nosniff' });
}

async function problemOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return Error.isError(error) ? error.message : String(error);
  }
}
