import type { Clock, Logger } from '@kts/base';

import { answering } from './answer.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import { auditStage, type AuditOptions } from './chain/audit.ts';
import { authenticationStage } from './chain/authentication.ts';
import { authorizationStage } from './chain/authorization.ts';
import { composeChain } from './chain/chain.ts';
import { deadlineStage } from './chain/deadline.ts';
import { impersonationStage } from './chain/impersonation.ts';
import { priorityAndFairnessStage, type FairnessParts } from './chain/priority-and-fairness.ts';
import { requestInfoStage } from './chain/request-info.ts';
import type { ResourceCatalog } from './discovery/catalog.ts';
import type { AccessMetrics } from './metrics/access-metrics.ts';
import type { Handler } from './response.ts';
import { createRouter, type PathRoute, type RouterOptions } from './routing/router.ts';
import type { ApiServerConfig } from './server-config.ts';

export interface ChainParts {
  readonly catalog: ResourceCatalog;
  readonly resources: Handler;
  readonly routes: readonly PathRoute[];
  readonly remote: NonNullable<RouterOptions['remote']>;
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly fairness: FairnessParts;
  /** Where audit events go; absent: nothing is recorded. */
  readonly audit: Omit<AuditOptions, 'clock'> | undefined;
  readonly access: AccessMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The chain every request goes through, over HTTP and in process alike. Always answers. */
export function createChain(config: ApiServerConfig, parts: ChainParts): Handler {
  const { catalog, authorizer, audit, clock, log } = parts;
  const stages = [
    requestInfoStage(catalog),
    deadlineStage(clock, config.requestTimeoutMs),
    authenticationStage({
      authenticators: parts.authenticators,
      anonymous: config.anonymous ?? true,
      log,
      onAttempt: parts.access.onAuthentication,
    }),
    ...(audit ? [auditStage({ ...audit, clock })] : []),
    impersonationStage(authorizer),
    priorityAndFairnessStage(parts.fairness),
    authorizationStage({ authorizer, annotates: audit !== undefined, onDecision: parts.access.onAuthorization }),
  ];
  return answering(composeChain(stages, createRouter(parts)), log);
}
