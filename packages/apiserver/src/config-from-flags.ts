import { appendFileSync, readFileSync } from 'node:fs';

import { parseYaml } from '@kts/apimachinery';

import { validatePluginChoice } from './admission/plugin-choice.ts';
import { asAuditPolicy, type ApiServerFlags } from './command-line.ts';
import type { ApiServerConfig, AuditConfig } from './server-config.ts';

/** All addresses, which is no address that a certificate could be for. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The configuration that flags ask for; reads the files they name. Throws if one cannot be used. */
export function configFromFlags(flags: ApiServerFlags): ApiServerConfig {
  const audit = auditOf(flags);
  const admissionPlugins = { enabled: flags.enableAdmissionPlugins, disabled: flags.disableAdmissionPlugins };
  const problems = validatePluginChoice(admissionPlugins);
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
  return {
    secure: { host: flags.bindAddress, port: flags.securePort },
    serviceRanges: flags.serviceClusterIPRange,
    anonymous: flags.anonymousAuth,
    admissionPlugins,
    inFlight: { readOnly: flags.maxRequestsInflight, mutating: flags.maxMutatingRequestsInflight },
    ...(flags.advertiseAddress ? { advertiseAddress: flags.advertiseAddress } : {}),
    names: [flags.advertiseAddress, flags.bindAddress].filter(isNameable),
    ...(flags.serviceAccountIssuer ? { serviceAccountIssuer: flags.serviceAccountIssuer } : {}),
    ...(flags.apiAudiences ? { apiAudiences: flags.apiAudiences } : {}),
    ...(flags.tokenAuthFile ? { tokens: readFileSync(flags.tokenAuthFile, 'utf8') } : {}),
    ...(audit ? { audit } : {}),
  };
}

function isNameable(address: string | undefined): address is string {
  return address !== undefined && !UNSPECIFIED.has(address);
}

function auditOf({ auditPolicyFile, auditLogPath }: ApiServerFlags): AuditConfig | undefined {
  if (!auditPolicyFile || !auditLogPath) return undefined;
  const policy = asAuditPolicy(parseYaml(readFileSync(auditPolicyFile, 'utf8')));
  if (auditLogPath === '-') return { policy, write: (line) => process.stdout.write(line) };
  return { policy, write: (line) => appendFileSync(auditLogPath, line, { mode: 0o600 }) };
}
