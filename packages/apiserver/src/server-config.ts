import type { AuditPolicy } from './audit/policy.ts';
import type { InFlightLimits } from './chain/priority-and-fairness.ts';
import type { TlsMaterial } from './http/http-server.ts';

/** How an API server is to be run. Everything has a default. */
export interface ApiServerConfig {
  /** Where to listen; absent: only clients in this process are served. */
  readonly secure?: SecureServing;
  /** Requests without any proof of identity are made by `system:anonymous`. Default true. */
  readonly anonymous?: boolean;
  readonly inFlight?: InFlightLimits;
  readonly requestTimeoutMs?: number;
  /** Absent: nothing is recorded. */
  readonly audit?: { readonly policy: AuditPolicy; readonly write: (line: string) => void };
}

export interface SecureServing {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsMaterial;
}
