import type { Clock, Logger } from '@kts/base';

import { createAuditWebhook, type AuditWebhookOptions } from './audit-webhook.ts';
import type { AuditPolicy } from './policy.ts';
import { createRotatingLog, type RotatingLogOptions } from './rotating-log.ts';

/** What is recorded, and where. */
export interface AuditConfig {
  readonly policy: AuditPolicy;
  readonly log?: RotatingLogOptions;
  readonly webhook?: AuditWebhookOptions;
  /** Receives whole lines, each with its line feed. */
  readonly write?: (line: string) => void;
}

/** Where events go, one JSON line each. */
export interface AuditSink {
  write(line: string): void;
  /** Resolves when everything has arrived. */
  close(): Promise<void>;
}

export function createAuditSink(config: AuditConfig, clock: Clock, log: Logger): AuditSink {
  const file = config.log && createRotatingLog(config.log, clock);
  const webhook = config.webhook && createAuditWebhook(config.webhook, clock, log);
  return {
    write: (line) => {
      try {
        file?.write(line);
      } catch (error) {
        log.error('cannot write the audit log', { error });
      }
      webhook?.add(line);
      config.write?.(line);
    },
    close: async () => {
      file?.close();
      await webhook?.close();
    },
  };
}
