/**
 * Audit events to another server.
 *
 * Mirrors: staging/src/k8s.io/apiserver/plugin/pkg/audit/webhook and
 * staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go (v1.36)
 */
import { createHttpTransport, type ServerAccess } from '@kts/client';
import type { Clock, Logger } from '@kts/base';

import { collectBatches, type BatchOptions, type EventBatches } from './event-batches.ts';

export interface AuditWebhookOptions {
  /** Where to send events: its path is where they are posted to. */
  readonly access: ServerAccess;
  readonly batches: BatchOptions;
  readonly initialBackoffMs: number;
}

const TRIES = 5;
const BACKOFF_FACTOR = 1.5;

export function createAuditWebhook(options: AuditWebhookOptions, clock: Clock, log: Logger): EventBatches {
  const { pathname, origin } = new URL(options.access.server);
  const transport = createHttpTransport({ ...options.access, server: origin });
  const post = async (lines: readonly string[]): Promise<void> => {
    const items = lines.map((line) => JSON.parse(line) as unknown);
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items };
    const { status } = await transport.request({ method: 'POST', path: pathname, body });
    if (status < 200 || status >= 300) throw new WebhookStatusError(status);
  };
  const batches = collectBatches(
    options.batches,
    (lines) => withRetries(() => post(lines), options.initialBackoffMs, clock),
    clock,
    log,
  );
  return {
    add: (line) => batches.add(line),
    close: async () => {
      await batches.close();
      await transport.close();
    },
  };
}

class WebhookStatusError extends Error {
  override readonly name = 'WebhookStatusError';
  readonly status: number;

  constructor(status: number) {
    super(`the audit webhook answered ${status}`);
    this.status = status;
  }
}

/** A server that is not there or has too much to do is asked again, later and later. */
async function withRetries(send: () => Promise<void>, backoffMs: number, clock: Pick<Clock, 'sleep'>): Promise<void> {
  for (let tries = 1, wait = backoffMs; ; tries++, wait *= BACKOFF_FACTOR) {
    try {
      return await send();
    } catch (error) {
      if (tries === TRIES || !mayPass(error)) throw error;
      await clock.sleep(wait);
    }
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof WebhookStatusError) || error.status === 429 || error.status >= 500;
}
