import { appendFileSync, readFileSync } from 'node:fs';

import { parseYaml } from '@kts/apimachinery';

import { asAuditPolicy, type ApiServerFlags } from './command-line.ts';
import type { ApiServerConfig, AuditConfig } from './server-config.ts';

/** The configuration that flags ask for; reads the files they name. Throws if one cannot be used. */
export function configFromFlags(flags: ApiServerFlags): ApiServerConfig {
  const audit = auditOf(flags);
  return {
    secure: { host: flags.bindAddress, port: flags.securePort },
    serviceRanges: flags.serviceClusterIPRange,
    anonymous: flags.anonymousAuth,
    inFlight: { readOnly: flags.maxRequestsInflight, mutating: flags.maxMutatingRequestsInflight },
    ...(flags.advertiseAddress ? { advertiseAddress: flags.advertiseAddress, names: [flags.advertiseAddress] } : {}),
    ...(flags.serviceAccountIssuer ? { serviceAccountIssuer: flags.serviceAccountIssuer } : {}),
    ...(flags.apiAudiences ? { apiAudiences: flags.apiAudiences } : {}),
    ...(flags.tokenAuthFile ? { tokens: readFileSync(flags.tokenAuthFile, 'utf8') } : {}),
    ...(audit ? { audit } : {}),
  };
}

function auditOf({ auditPolicyFile, auditLogPath }: ApiServerFlags): AuditConfig | undefined {
  if (!auditPolicyFile || !auditLogPath) return undefined;
  const policy = asAuditPolicy(parseYaml(readFileSync(auditPolicyFile, 'utf8')));
  if (auditLogPath === '-') return { policy, write: (line) => process.stdout.write(line) };
  return { policy, write: (line) => appendFileSync(auditLogPath, line, { mode: 0o600 }) };
}
