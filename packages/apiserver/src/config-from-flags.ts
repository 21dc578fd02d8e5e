import { readFileSync } from 'node:fs';

import { durationToMs, parseYaml } from '@kts/apimachinery';
import { accessFromKubeconfig } from '@kts/client';

import { validatePluginChoice } from './admission/plugin-choice.ts';
import type { AuditConfig } from './audit/audit-sink.ts';
import { DEFAULT_BATCHES } from './audit/event-batches.ts';
import { asAuthorizationModes } from './authorization/authorization-modes.ts';
import { asAuditPolicy, type ApiServerFlags } from './command-line.ts';
import type { ApiServerConfig } from './server-config.ts';

/** All addresses, which is no address that a certificate could be for. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The configuration that flags ask for; reads the files they name. Throws if one cannot be used. */
export function configFromFlags(flags: ApiServerFlags): ApiServerConfig {
  const audit = auditOf(flags);
  const admissionPlugins = { enabled: flags.enableAdmissionPlugins, disabled: flags.disableAdmissionPlugins };
  const problems = validatePluginChoice(admissionPlugins);
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
  const modes = flags.authorizationMode && asAuthorizationModes(flags.authorizationMode);
  return {
    secure: { host: flags.bindAddress, port: flags.securePort },
    flags: flags.texts,
    serviceRanges: flags.serviceClusterIPRange,
    compactionIntervalMs: durationToMs(flags.etcdCompactionInterval),
    // Whoever is nobody may not be allowed everything.
    anonymous: flags.anonymousAuth && !modes?.includes('AlwaysAllow'),
    admissionPlugins,
    ...(modes ? { authorizationModes: modes } : {}),
    inFlight: { readOnly: flags.maxRequestsInflight, mutating: flags.maxMutatingRequestsInflight },
    ...(flags.advertiseAddress ? { advertiseAddress: flags.advertiseAddress } : {}),
    names: [flags.advertiseAddress, flags.bindAddress].filter(isNameable),
    ...(flags.serviceAccountIssuer ? { serviceAccountIssuer: flags.serviceAccountIssuer } : {}),
    ...serviceAccountKeysOf(flags),
    ...(flags.serviceAccountJwksUri ? { jwksUri: flags.serviceAccountJwksUri } : {}),
    ...(flags.apiAudiences ? { apiAudiences: flags.apiAudiences } : {}),
    ...(flags.clientCAFile ? { clientAuthorities: partsOf(flags.clientCAFile, CERTIFICATE, 'certificates') } : {}),
    ...(flags.tokenAuthFile ? { tokens: readFileSync(flags.tokenAuthFile, 'utf8') } : {}),
    ...(audit ? { audit } : {}),
  };
}

function serviceAccountKeysOf(flags: ApiServerFlags): Pick<ApiServerConfig, 'serviceAccountKeys'> {
  const { serviceAccountSigningKeyFile: signingFile, serviceAccountKeyFile: files } = flags;
  if (!signingFile && !files) return {};
  return {
    serviceAccountKeys: {
      ...(signingFile ? { signing: readFileSync(signingFile, 'utf8') } : {}),
      ...(files ? { verification: files.flatMap((file) => partsOf(file, KEY, 'keys')) } : {}),
    },
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN ([A-Z ]*)(?:PRIVATE|PUBLIC) KEY-----[^]*?-----END \1(?:PRIVATE|PUBLIC) KEY-----/g;

/** The parts of a PEM file. Throws if there is none. */
function partsOf(file: string, pattern: RegExp, what: string): readonly string[] {
  const found = readFileSync(file, 'utf8').match(pattern);
  if (!found) throw new Error(`${file} holds no ${what}`);
  return found.map((pem) => `${pem}\n`);
}

function isNameable(address: string | undefined): address is string {
  return address !== undefined && !UNSPECIFIED.has(address);
}

function auditOf(flags: ApiServerFlags): AuditConfig | undefined {
  const { auditPolicyFile, auditLogPath: path, auditWebhookConfigFile } = flags;
  if (!auditPolicyFile || (!path && !auditWebhookConfigFile)) return undefined;
  const policy = asAuditPolicy(parseYaml(readFileSync(auditPolicyFile, 'utf8')));
  const { auditLogMaxsize: maxSizeMegabytes, auditLogMaxbackup: maxBackups, auditLogMaxage: maxAgeDays } = flags;
  return {
    policy,
    ...(path === '-' ? { write: (line: string) => void process.stdout.write(line) } : {}),
    ...(path && path !== '-' ? { log: { path, maxSizeMegabytes, maxBackups, maxAgeDays } } : {}),
    ...(auditWebhookConfigFile ? { webhook: webhookOf(flags, auditWebhookConfigFile) } : {}),
  };
}

function webhookOf(flags: ApiServerFlags, configFile: string): NonNullable<AuditConfig['webhook']> {
  const { auditWebhookBatchBufferSize: bufferSize, auditWebhookBatchMaxSize: batchSizeMax } = flags;
  const waitMs = durationToMs(flags.auditWebhookBatchMaxWait);
  const initialBackoffMs = durationToMs(flags.auditWebhookInitialBackoff);
  const batches = { ...DEFAULT_BATCHES, bufferSize, batchSizeMax, waitMs };
  return { access: accessFromKubeconfig(configFile), batches, initialBackoffMs };
}
