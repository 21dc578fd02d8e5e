import type { Clock, Logger, Metric, Random } from '@kts/base';
import type { Store } from '@kts/store';

import type { PluginChoice } from './admission/plugin-choice.ts';
import type { TokenIssuer } from './authentication/token-issuer.ts';
import type { Review } from './authorization/access-reviews.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import type { EscalationChecks } from './authorization/escalation.ts';
import type { ResourceCatalog } from './discovery/catalog.ts';
import type { ApiServerRequest } from './request.ts';
import type { Handler } from './response.ts';
import type { BackendConnector } from './subresources/backend.ts';
import type { Dial } from './subresources/socket-backend.ts';

/** What the server gives to the part that answers requests about resources. */
export interface ResourceServerParts {
  readonly store: Store;
  readonly catalog: ResourceCatalog;
  readonly authorizer: Authorizer;
  readonly escalation: EscalationChecks;
  readonly tokenIssuer: TokenIssuer;
  /** How kinds that are questions are answered, by kind: `TokenReview`, `SubjectAccessReview`, ... */
  readonly reviews: Readonly<Record<string, Review>>;
  /** `10.96.0.0/16`, or one range for each IP family. */
  readonly serviceRanges: readonly string[];
  /** How the server reaches kubelets, pods and services; absent: logs, exec and the like are refused. */
  readonly backend?: BackendConnector;
  /** How webhooks are reached; absent: from this machine's own network. */
  readonly dial?: Dial;
  /** Absent: those that are on by default. */
  readonly admissionPlugins?: PluginChoice;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Storage, caches, admission and the verbs. */
export interface ResourceServer {
  /** Answers every request whose `resource` is set. */
  readonly handler: Handler;
  /** What it counts. */
  readonly metrics?: readonly Metric[];
  /** How many objects there are of the resource that a request is about. */
  count(request: ApiServerRequest): number;
  /** Resolves when requests can be answered. Called once, before the first request. */
  start(): Promise<void>;
  /** Ends all watches. */
  close(): void;
}

export type CreateResourceServer = (parts: ResourceServerParts) => ResourceServer;
