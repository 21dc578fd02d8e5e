import { FlagError, parseFlags } from '@kts/base';

import type { AuditPolicy } from './audit/policy.ts';

/** The flags of kube-apiserver that matter here, under upstream's names. */
export interface ApiServerFlags {
  /** Every flag as text. */
  readonly texts: Readonly<Record<string, string>>;
  readonly help: boolean;
  readonly verbosity: number;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly advertiseAddress?: string;
  /** Where the store, if it is not etcd, keys and certificates are kept. */
  readonly dataDir: string;
  /** URLs; absent: the store is in `dataDir`. */
  readonly etcdServers?: readonly string[];
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  readonly etcdPrefix: string;
  /** A duration; 0: nothing is forgotten. */
  readonly etcdCompactionInterval: string;
  readonly serviceClusterIPRange: readonly string[];
  readonly serviceAccountIssuer?: string;
  readonly serviceAccountSigningKeyFile?: string;
  readonly serviceAccountKeyFile?: readonly string[];
  readonly serviceAccountJwksUri?: string;
  readonly apiAudiences?: readonly string[];
  readonly anonymousAuth: boolean;
  readonly clientCAFile?: string;
  readonly tokenAuthFile?: string;
  readonly authorizationMode?: readonly string[];
  readonly auditPolicyFile?: string;
  /** `-` is standard output. */
  readonly auditLogPath?: string;
  /** Megabytes, files and days; 0 files or days: all. */
  readonly auditLogMaxsize: number;
  readonly auditLogMaxbackup: number;
  readonly auditLogMaxage: number;
  /** A kubeconfig. */
  readonly auditWebhookConfigFile?: string;
  readonly auditWebhookBatchBufferSize: number;
  readonly auditWebhookBatchMaxSize: number;
  /** Durations such as `30s`. */
  readonly auditWebhookBatchMaxWait: string;
  readonly auditWebhookInitialBackoff: string;
  readonly enableAdmissionPlugins: readonly string[];
  readonly disableAdmissionPlugins: readonly string[];
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  /** Where to write a kubeconfig for the administrator. */
  readonly writeKubeconfig?: string;
}

/** What each flag says in the usage text, with its default. */
const FLAGS = {
  help: { type: 'switch', short: 'h', text: 'show this text' },
  v: { type: 'number', short: 'v', default: 0, text: 'verbosity of the log' },
  'bind-address': { type: 'string', default: '0.0.0.0', text: 'address to listen on' },
  'secure-port': { type: 'number', default: 6443, text: 'port to listen on; 0: any' },
  'advertise-address': { type: 'string', text: 'address under which pods reach this server' },
  'data-dir': { type: 'string', default: '/var/lib/kts', text: 'where the store, keys and certificates are kept' },
  'etcd-servers': { type: 'list', text: 'URLs of etcd, which then keeps all objects (default: a file in --data-dir)' },
  'etcd-cafile': { type: 'string', text: "who signs etcd's certificates" },
  'etcd-certfile': { type: 'string', text: 'certificate to show to etcd' },
  'etcd-keyfile': { type: 'string', text: 'the key to it' },
  'etcd-prefix': { type: 'string', default: '/registry', text: 'what all keys in etcd begin with' },
  'etcd-compaction-interval': {
    type: 'string',
    default: '5m0s',
    text: 'history is kept for this long at least; 0: for ever',
  },
  'service-cluster-ip-range': {
    type: 'list',
    default: ['10.96.0.0/16'],
    text: 'addresses of Services; two for dual-stack',
  },
  'service-account-issuer': { type: 'string', text: 'issuer of service account tokens' },
  'service-account-signing-key-file': { type: 'string', text: 'private key that new tokens are signed with' },
  'service-account-key-file': { type: 'list', text: 'keys that tokens are checked with; may be given several times' },
  'service-account-jwks-uri': { type: 'string', text: 'where others find the keys that tokens are checked with' },
  'api-audiences': { type: 'list', text: 'audiences of tokens that this server accepts' },
  'anonymous-auth': { type: 'switch', default: true, text: 'serve requests without any proof of identity' },
  'client-ca-file': { type: 'string', text: "who signs clients' certificates, beside the cluster's own authority" },
  'token-auth-file': { type: 'string', text: 'file of static tokens' },
  'authorization-mode': { type: 'list', text: 'who decides what requests may do, in this order (default Node,RBAC)' },
  'audit-policy-file': { type: 'string', text: 'what to record' },
  'audit-log-path': { type: 'string', text: 'where to record it; -: standard output' },
  'audit-log-maxsize': { type: 'number', default: 100, text: 'megabytes after which the file is put away' },
  'audit-log-maxbackup': { type: 'number', default: 0, text: 'old files to keep; 0: all' },
  'audit-log-maxage': { type: 'number', default: 0, text: 'days to keep old files; 0: for ever' },
  'audit-webhook-config-file': { type: 'string', text: 'kubeconfig of a server to send records to' },
  'audit-webhook-batch-buffer-size': { type: 'number', default: 10_000, text: 'records that may wait to be sent' },
  'audit-webhook-batch-max-size': { type: 'number', default: 400, text: 'records to send at a time' },
  'audit-webhook-batch-max-wait': { type: 'string', default: '30s', text: 'the longest that a record waits' },
  'audit-webhook-initial-backoff': { type: 'string', default: '10s', text: 'before the first retry' },
  'enable-admission-plugins': { type: 'list', default: [], text: 'admission plugins beside those that are on anyway' },
  'disable-admission-plugins': {
    type: 'list',
    default: [],
    text: 'admission plugins that are on by default, but not here',
  },
  'max-requests-inflight': { type: 'number', default: 400, text: 'reads at a time; 0: no limit' },
  'max-mutating-requests-inflight': { type: 'number', default: 200, text: 'writes at a time; 0: no limit' },
  'write-kubeconfig': { type: 'string', text: "where to write the administrator's kubeconfig" },
} as const;

export const USAGE = `Usage: kube-apiserver [flags]\n\n${Object.entries(FLAGS)
  .map(([name, flag]) => {
    const given = 'default' in flag ? ` (default ${String(flag.default)})` : '';
    return `  --${name.padEnd(32)} ${flag.text}${given}\n`;
  })
  .join('')}`;

type NumberFlag = {
  [Name in keyof typeof FLAGS]: (typeof FLAGS)[Name] extends { readonly type: 'number' } ? Name : never;
}[keyof typeof FLAGS];

const PORT_MAX = 65_535;

/** Throws for unknown flags and values that make no sense. */
export function parseApiServerFlags(args: readonly string[]): ApiServerFlags {
  const values = parseFlags(args, FLAGS);
  const optional = <K extends keyof ApiServerFlags>(key: K, value: ApiServerFlags[K] | undefined) =>
    value === undefined ? {} : { [key]: value };
  const atMost = (name: NumberFlag, max: number): number => {
    const value = values[name] ?? FLAGS[name].default;
    if (value < 0 || value > max) throw new FlagError(`--${name} ${value} must be between 0 and ${max}, inclusive`);
    return value;
  };
  return {
    texts: textsOf(values),
    help: values.help ?? false,
    verbosity: values.v ?? FLAGS.v.default,
    bindAddress: values['bind-address'] ?? FLAGS['bind-address'].default,
    securePort: atMost('secure-port', PORT_MAX),
    dataDir: values['data-dir'] ?? FLAGS['data-dir'].default,
    etcdPrefix: values['etcd-prefix'] ?? FLAGS['etcd-prefix'].default,
    etcdCompactionInterval: values['etcd-compaction-interval'] ?? FLAGS['etcd-compaction-interval'].default,
    ...optional('etcdServers', values['etcd-servers']),
    ...optional('etcdCafile', values['etcd-cafile']),
    ...optional('etcdCertfile', values['etcd-certfile']),
    ...optional('etcdKeyfile', values['etcd-keyfile']),
    serviceClusterIPRange: values['service-cluster-ip-range'] ?? FLAGS['service-cluster-ip-range'].default,
    anonymousAuth: values['anonymous-auth'] ?? FLAGS['anonymous-auth'].default,
    enableAdmissionPlugins: values['enable-admission-plugins'] ?? [],
    disableAdmissionPlugins: values['disable-admission-plugins'] ?? [],
    maxRequestsInflight: atMost('max-requests-inflight', Number.MAX_SAFE_INTEGER),
    maxMutatingRequestsInflight: atMost('max-mutating-requests-inflight', Number.MAX_SAFE_INTEGER),
    ...optional('advertiseAddress', values['advertise-address']),
    ...optional('serviceAccountIssuer', values['service-account-issuer']),
    ...optional('serviceAccountSigningKeyFile', values['service-account-signing-key-file']),
    ...optional('serviceAccountKeyFile', values['service-account-key-file']),
    ...optional('serviceAccountJwksUri', values['service-account-jwks-uri']),
    ...optional('apiAudiences', values['api-audiences']),
    ...optional('clientCAFile', values['client-ca-file']),
    ...optional('tokenAuthFile', values['token-auth-file']),
    ...optional('authorizationMode', values['authorization-mode']),
    ...optional('auditPolicyFile', values['audit-policy-file']),
    auditLogMaxsize: atMost('audit-log-maxsize', Number.MAX_SAFE_INTEGER),
    auditLogMaxbackup: atMost('audit-log-maxbackup', Number.MAX_SAFE_INTEGER),
    auditLogMaxage: atMost('audit-log-maxage', Number.MAX_SAFE_INTEGER),
    auditWebhookBatchBufferSize: atMost('audit-webhook-batch-buffer-size', Number.MAX_SAFE_INTEGER),
    auditWebhookBatchMaxSize: atMost('audit-webhook-batch-max-size', Number.MAX_SAFE_INTEGER),
    auditWebhookBatchMaxWait: values['audit-webhook-batch-max-wait'] ?? FLAGS['audit-webhook-batch-max-wait'].default,
    auditWebhookInitialBackoff:
      values['audit-webhook-initial-backoff'] ?? FLAGS['audit-webhook-initial-backoff'].default,
    ...optional('auditWebhookConfigFile', values['audit-webhook-config-file']),
    ...optional('auditLogPath', values['audit-log-path']),
    ...optional('writeKubeconfig', values['write-kubeconfig']),
  };
}

type FlagValue = string | number | boolean | readonly string[];

function textsOf(values: Readonly<Record<string, FlagValue | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(FLAGS).map(([name, flag]) => {
      const fallback = flag.type === 'list' ? [] : flag.type === 'switch' ? false : '';
      const value = values[name] ?? ('default' in flag ? flag.default : fallback);
      return [name, typeof value === 'object' ? `[${value.join(',')}]` : String(value)];
    }),
  );
}

/** Throws if the file is not an audit policy. */
export function asAuditPolicy(value: unknown): AuditPolicy {
  const { kind, apiVersion, rules } = (value ?? {}) as { kind?: unknown; apiVersion?: unknown; rules?: unknown };
  if (kind !== 'Policy' || apiVersion !== 'audit.k8s.io/v1' || !Array.isArray(rules)) {
    throw new Error('the audit policy must be a Policy of audit.k8s.io/v1 with rules');
  }
  return value as AuditPolicy;
}
