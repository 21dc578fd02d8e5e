import type { HealthCheck } from '@kts/base';

/**
 * The answer of `/healthz`, `/livez` and `/readyz`.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go (v1.36)
 */
export interface HealthAnswer {
  readonly status: 200 | 500;
  readonly text: string;
}

/** @param name the path without its slash. @param query `verbose`, and `exclude` any number of times. */
export async function answerHealth(
  name: string,
  checks: readonly HealthCheck[],
  query: URLSearchParams,
): Promise<HealthAnswer> {
  const unknown = new Set(query.getAll('exclude').flatMap((list) => list.split(',')));
  const excluded = new Set(unknown);
  let isHealthy = true;
  let text = '';
  for (const check of checks) {
    if (excluded.has(check.name)) {
      unknown.delete(check.name);
      text += `[+]${check.name} excluded: ok\n`;
    } else if (await passes(check)) {
      text += `[+]${check.name} ok\n`;
    } else {
      isHealthy = false;
      text += `[-]${check.name} failed: reason withheld\n`;
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].sort().map((one) => JSON.stringify(one));
    text += `warn: some health checks cannot be excluded: no matches for ${names.join(', ')}\n`;
  }
  if (!isHealthy) return { status: 500, text: `${text}${name} check failed\n` };
  return { status: 200, text: query.has('verbose') ? `${text}${name} check passed\n` : 'ok' };
}

async function passes(check: HealthCheck): Promise<boolean> {
  try {
    await check.check();
    return true;
  } catch {
    return false;
  }
}
