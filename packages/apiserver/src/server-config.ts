import type { PluginChoice } from './admission/plugin-choice.ts';
import type { AuditConfig } from './audit/audit-sink.ts';
import type { AuthorizationMode } from './authorization/authorization-modes.ts';
import type { InFlightLimits } from './chain/priority-and-fairness.ts';

/** How an API server is to be run. Everything has a default. */
export interface ApiServerConfig {
  /** Where to listen; absent: only clients in this process are served. */
  readonly secure?: SecureServing;
  /** Names and addresses by which the server can be reached, beyond those that every cluster has. */
  readonly names?: readonly string[];
  /** The address that the `kubernetes` Service leads to; default: the address of `secure`. */
  readonly advertiseAddress?: string;
  /** Default `10.96.0.0/16`; two for dual-stack. */
  readonly serviceRanges?: readonly string[];
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
  /** Default `https://kubernetes.default.svc.<clusterDomain>`. */
  readonly serviceAccountIssuer?: string;
  /** PEM keys for service account tokens; absent: the cluster's own. */
  readonly serviceAccountKeys?: ServiceAccountKeys;
  /** Where others find the keys that tokens are checked with; default: a path of the issuer. */
  readonly jwksUri?: string;
  /** Audiences that tokens may be for; default: the issuer. */
  readonly apiAudiences?: readonly string[];
  /** Requests without any proof of identity are made by `system:anonymous`. Default true. */
  readonly anonymous?: boolean;
  /** PEM certificates of authorities that sign clients' certificates, beside the cluster's own. */
  readonly clientAuthorities?: readonly string[];
  /** The text of a token file: `token,user,uid,"group1,group2"` a line. */
  readonly tokens?: string;
  /** Who decides what requests may do, in this order. Default `Node` and `RBAC`. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  /** Absent: those that are on by default. */
  readonly admissionPlugins?: PluginChoice;
  readonly inFlight?: InFlightLimits;
  readonly requestTimeoutMs?: number;
  /** The store's history is kept for this long at least. 0: for ever. Default five minutes. */
  readonly compactionIntervalMs?: number;
  /** How the server was started, by flag, as it tells whoever may look. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Absent: nothing is recorded. */
  readonly audit?: AuditConfig;
}

export interface ServiceAccountKeys {
  /** The private key that new tokens are signed with; absent: the cluster's own. */
  readonly signing?: string;
  /** Private or public keys that tokens are checked with; default: that of `signing`. */
  readonly verification?: readonly string[];
}

export interface SecureServing {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export const DEFAULT_SERVICE_RANGE = '10.96.0.0/16';
