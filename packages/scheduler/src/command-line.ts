import { readFileSync } from 'node:fs';
import { canonicalDuration, durationToMs } from '@kts/apimachinery';
import { parseFlags } from '@kts/base';
import { decodeConfiguration } from './configuration/decode-configuration.ts';
import { defaultConfiguration, type CompleteConfiguration } from './configuration/default-configuration.ts';
import type { LeaderElectionConfiguration } from './configuration/kube-scheduler-configuration.ts';
import { fieldErrorsText, validateConfiguration } from './configuration/validate-configuration.ts';

/**
 * The flags of kube-scheduler that this scheduler has.
 *
 * Mirrors: cmd/kube-scheduler/app/options (v1.36)
 */
export interface SchedulerFlags {
  readonly kubeconfig?: string;
  /** A file with a KubeSchedulerConfiguration. */
  readonly config?: string;
  /** What flags say wins over the file. */
  readonly leaderElection: LeaderElectionConfiguration;
  readonly bindAddress: string;
  /** Of the endpoints for health and metrics; 0: none. */
  readonly securePort: number;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  /** Endpoints that everybody may see. */
  readonly alwaysAllowPaths: readonly string[];
  /** Where to write the configuration, with defaults, instead of scheduling. */
  readonly writeConfigTo?: string;
  /** Milliseconds. */
  readonly podMaxInUnschedulablePodsMs?: number;
  readonly verbosity: number;
  readonly help: boolean;
}

export const USAGE = `Assigns pods to nodes.

Usage: kube-scheduler --kubeconfig FILE [flags]

  --kubeconfig FILE              how to reach the API server
  --config FILE                  a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1)
  --leader-elect                 wait for the lease kube-system/kube-scheduler (default true; --leader-elect=false: do not)
  --leader-elect-lease-duration, --leader-elect-renew-deadline, --leader-elect-retry-period DURATION
                                 how long a lease holds, how long its holder tries to keep it, how often it is looked at
  --leader-elect-resource-name, --leader-elect-resource-namespace NAME
                                 another lease
  --bind-address ADDRESS         where health and metrics are served (default 0.0.0.0)
  --secure-port PORT             on which port (default 10259; 0: nowhere)
  --tls-cert-file, --tls-private-key-file FILE
                                 its certificate (default: one that it signs itself)
  --authorization-always-allow-paths LIST
                                 endpoints that everybody may see (default /healthz,/readyz,/livez)
  --write-config-to FILE         writes the configuration, with defaults, and exits
  --pod-max-in-unschedulable-pods-duration DURATION
                                 after so long a pod is tried again in any case (default 5m0s)
  -v, --v LEVEL                  how much to log (default 0)

Other flags of kube-scheduler are accepted where they change nothing here, such as --feature-gates or --profiling.
`;

/** Flags of upstream that are accepted, so that its manifests work, and change nothing: by whether they need a value. */
const WITHOUT_EFFECT: Readonly<Record<'string' | 'switch', readonly string[]>> = {
  string: [
    'allow-metric-labels',
    'allow-metric-labels-manifest',
    'authentication-kubeconfig',
    'authentication-token-webhook-cache-ttl',
    'authorization-kubeconfig',
    'authorization-webhook-cache-authorized-ttl',
    'authorization-webhook-cache-unauthorized-ttl',
    'cert-dir',
    'client-ca-file',
    'disabled-metrics',
    'emulated-version',
    'feature-gates',
    'http2-max-streams-per-connection',
    'kube-api-burst',
    'kube-api-content-type',
    'kube-api-qps',
    'leader-elect-resource-lock',
    'log-flush-frequency',
    'log-json-info-buffer-size',
    'log-text-info-buffer-size',
    'logging-format',
    'min-compatibility-version',
    'requestheader-allowed-names',
    'requestheader-client-ca-file',
    'requestheader-extra-headers-prefix',
    'requestheader-group-headers',
    'requestheader-uid-headers',
    'requestheader-username-headers',
    'show-hidden-metrics-for-version',
    'tls-cipher-suites',
    'tls-min-version',
    'tls-sni-cert-key',
    'vmodule',
  ],
  switch: [
    'authentication-skip-lookup',
    'authentication-tolerate-lookup-failure',
    'contention-profiling',
    'disable-http2-serving',
    'log-json-split-stream',
    'log-text-split-stream',
    'permit-address-sharing',
    'permit-port-sharing',
    'profiling',
  ],
};

const SECURE_PORT = 10_259;
const ALWAYS_ALLOW_PATHS = ['/healthz', '/readyz', '/livez'];

/** Throws for flags that do not exist or make no sense. */
export function parseSchedulerFlags(args: readonly string[]): SchedulerFlags {
  const ignored = Object.entries(WITHOUT_EFFECT).flatMap(([type, names]) =>
    names.map((name) => [name, { type: type as 'string' | 'switch' }] as const),
  );
  const values = parseFlags(args, {
    ...(Object.fromEntries(ignored) as Readonly<Record<never, never>>),
    kubeconfig: { type: 'string' },
    config: { type: 'string' },
    'leader-elect': { type: 'switch' },
    'leader-elect-lease-duration': { type: 'string' },
    'leader-elect-renew-deadline': { type: 'string' },
    'leader-elect-retry-period': { type: 'string' },
    'leader-elect-resource-name': { type: 'string' },
    'leader-elect-resource-namespace': { type: 'string' },
    'bind-address': { type: 'string' },
    'secure-port': { type: 'number' },
    'tls-cert-file': { type: 'string' },
    'tls-private-key-file': { type: 'string' },
    'authorization-always-allow-paths': { type: 'string' },
    'write-config-to': { type: 'string' },
    'pod-max-in-unschedulable-pods-duration': { type: 'string' },
    v: { type: 'number', short: 'v' },
    help: { type: 'switch', short: 'h' },
  });
  const { 'leader-elect': leaderElect, 'write-config-to': writeConfigTo, config, kubeconfig } = values;
  const { 'tls-cert-file': tlsCertFile, 'tls-private-key-file': tlsKeyFile } = values;
  const waiting = durationFlag('pod-max-in-unschedulable-pods-duration', values);
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(config !== undefined && { config }),
    leaderElection: {
      ...(leaderElect !== undefined && { leaderElect }),
      ...named('leaseDuration', durationFlag('leader-elect-lease-duration', values)),
      ...named('renewDeadline', durationFlag('leader-elect-renew-deadline', values)),
      ...named('retryPeriod', durationFlag('leader-elect-retry-period', values)),
      ...named('resourceName', values['leader-elect-resource-name']),
      ...named('resourceNamespace', values['leader-elect-resource-namespace']),
    },
    bindAddress: values['bind-address'] ?? '0.0.0.0',
    securePort: values['secure-port'] ?? SECURE_PORT,
    ...(tlsCertFile !== undefined && { tlsCertFile }),
    ...(tlsKeyFile !== undefined && { tlsKeyFile }),
    alwaysAllowPaths: values['authorization-always-allow-paths']?.split(',') ?? ALWAYS_ALLOW_PATHS,
    ...(writeConfigTo !== undefined && { writeConfigTo }),
    ...(waiting !== undefined && { podMaxInUnschedulablePodsMs: durationToMs(waiting) }),
    verbosity: values.v ?? 0,
    help: values.help ?? false,
  };
}

/** What `--config` names, with defaults and what other flags say. Throws if that is not a valid configuration. */
export function readConfiguration({ config, leaderElection }: SchedulerFlags): CompleteConfiguration {
  const given = config === undefined ? {} : decodeConfiguration(readFileSync(config, 'utf8'));
  const configuration = defaultConfiguration({
    ...given,
    leaderElection: { ...given.leaderElection, ...leaderElection },
  });
  const errors = validateConfiguration(configuration);
  if (errors.length > 0) throw new Error(fieldErrorsText(errors));
  return configuration;
}

type Values = Readonly<Record<string, string | number | boolean | undefined>>;

/** The duration in its canonical form. */
function durationFlag(name: string, values: Values): string | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  try {
    return canonicalDuration(`${text}`);
  } catch (error) {
    throw new Error(`invalid argument "${text}" for "--${name}" flag: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function named<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: string };
}
