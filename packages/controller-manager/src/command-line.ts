/**
 * The flags of the controller manager, with upstream's names. One table parses them and prints the help.
 *
 * Mirrors: cmd/kube-controller-manager/app/options (v1.36)
 */
import { parseArgs } from 'node:util';

import { DurationError, parseDuration } from '@kts/apimachinery';

import { DEFAULT_CONFIG, type ControllerManagerConfig } from './controller-manager-config.ts';
import { CONTROLLERS, unknownControllers } from './controllers.ts';

export interface CommandLine {
  readonly help: boolean;
  readonly kubeconfig: string | undefined;
  readonly verbosity: number;
  readonly leaderElect: boolean;
  readonly rootCAFile: string | undefined;
  readonly serviceAccountKeyFile: string | undefined;
  readonly clusterSigningCertFile: string | undefined;
  readonly clusterSigningKeyFile: string | undefined;
  readonly config: Partial<ControllerManagerConfig>;
}

type Values = Readonly<Record<string, string | undefined>>;
type Setting = (text: string) => Partial<ControllerManagerConfig>;

interface Flag {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  /** Where the flag is a setting; others are read by name below. */
  readonly set?: Setting;
}

const milliseconds =
  (field: keyof ControllerManagerConfig): Setting =>
  (text) => ({ [field]: durationMs(text) });
const number =
  (field: keyof ControllerManagerConfig): Setting =>
  (text) => ({ [field]: finite(text) });
const list =
  (field: keyof ControllerManagerConfig): Setting =>
  (text) => ({ [field]: text.split(',').filter(Boolean) });

const FLAGS: readonly Flag[] = [
  { name: 'kubeconfig', value: 'FILE', help: 'how to reach the API server' },
  {
    name: 'controllers',
    value: 'LIST',
    help: "'*' for all that are on by default, 'foo' to switch one on, '-foo' to switch it off [*]",
    set: list('controllers'),
  },
  { name: 'leader-elect', value: 'BOOL', help: 'only one of several copies works [true]' },
  { name: 'root-ca-file', value: 'FILE', help: 'certificate that pods verify the API server with' },
  { name: 'service-account-private-key-file', value: 'FILE', help: 'key that signs tokens in Secrets' },
  { name: 'cluster-signing-cert-file', value: 'FILE', help: 'certificate that signs certificates of the cluster' },
  { name: 'cluster-signing-key-file', value: 'FILE', help: 'the key to it' },
  {
    name: 'cluster-signing-duration',
    value: 'TIME',
    help: 'how long signed certificates are valid at most [8760h]',
    set: milliseconds('clusterSigningDurationMs'),
  },
  {
    name: 'allocate-node-cidrs',
    value: 'BOOL',
    help: 'give every node a pod range [false]',
    set: (text) => ({ allocateNodeCIDRs: boolean(text) }),
  },
  { name: 'cluster-cidr', value: 'LIST', help: 'ranges that node ranges are taken of', set: list('clusterCIDRs') },
  {
    name: 'service-cluster-ip-range',
    value: 'LIST',
    help: 'ranges of Services, which node ranges keep out of',
    set: list('serviceCIDRs'),
  },
  { name: 'node-cidr-mask-size', value: 'N', help: 'size of node ranges [24]', set: number('nodeCIDRMaskSizeIPv4') },
  {
    name: 'node-cidr-mask-size-ipv4',
    value: 'N',
    help: 'size of IPv4 node ranges [24]',
    set: number('nodeCIDRMaskSizeIPv4'),
  },
  {
    name: 'node-cidr-mask-size-ipv6',
    value: 'N',
    help: 'size of IPv6 node ranges [64]',
    set: number('nodeCIDRMaskSizeIPv6'),
  },
  {
    name: 'node-monitor-period',
    value: 'TIME',
    help: 'how often nodes are looked at [5s]',
    set: milliseconds('nodeMonitorPeriodMs'),
  },
  {
    name: 'node-monitor-grace-period',
    value: 'TIME',
    help: 'how long a node may be silent [50s]',
    set: milliseconds('nodeMonitorGracePeriodMs'),
  },
  {
    name: 'node-startup-grace-period',
    value: 'TIME',
    help: 'how long a new node may be silent [1m]',
    set: milliseconds('nodeStartupGracePeriodMs'),
  },
  {
    name: 'node-eviction-rate',
    value: 'N',
    help: 'evictions a second in a healthy zone [0.1]',
    set: number('nodeEvictionRate'),
  },
  {
    name: 'horizontal-pod-autoscaler-sync-period',
    value: 'TIME',
    help: 'how often autoscalers look [15s]',
    set: milliseconds('horizontalPodAutoscalerSyncPeriodMs'),
  },
  {
    name: 'pvclaimbinder-sync-period',
    value: 'TIME',
    help: 'how often volumes and claims are looked at again [15s]',
    set: milliseconds('pvClaimBinderSyncPeriodMs'),
  },
  {
    name: 'resource-quota-sync-period',
    value: 'TIME',
    help: 'how often quotas are counted again [5m]',
    set: milliseconds('resourceQuotaSyncPeriodMs'),
  },
  {
    name: 'terminated-pod-gc-threshold',
    value: 'N',
    help: 'ended pods above that number are deleted [12500]',
    set: number('terminatedPodGCThreshold'),
  },
  {
    name: 'max-endpoints-per-slice',
    value: 'N',
    help: 'endpoints in one EndpointSlice [100]',
    set: number('maxEndpointsPerSlice'),
  },
  { name: 'v', value: 'N', help: 'how much is logged [0]' },
];

/** Flags of upstream that say something about upstream's own ways: taken, and without effect. */
const WITHOUT_EFFECT = [
  'authentication-kubeconfig',
  'authorization-kubeconfig',
  'bind-address',
  'client-ca-file',
  'cluster-name',
  'kube-api-burst',
  'kube-api-qps',
  'profiling',
  'requestheader-client-ca-file',
  'secure-port',
  'use-service-account-credentials',
] as const;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const values = read(argv);
  const config: Partial<ControllerManagerConfig> = Object.assign(
    {},
    ...FLAGS.map(({ name, set }) => {
      const text = values[name];
      return text === undefined || !set ? {} : checked(name, text, set);
    }),
  );
  const unknown = unknownControllers(config.controllers ?? DEFAULT_CONFIG.controllers);
  if (unknown.length > 0) throw new UsageError(`unknown controllers: ${unknown.join(', ')}`);
  return {
    help: values['help'] !== undefined,
    kubeconfig: values['kubeconfig'],
    verbosity: finite(values['v'] ?? '0'),
    leaderElect: boolean(values['leader-elect'] ?? 'true'),
    rootCAFile: values['root-ca-file'],
    serviceAccountKeyFile: values['service-account-private-key-file'],
    clusterSigningCertFile: values['cluster-signing-cert-file'],
    clusterSigningKeyFile: values['cluster-signing-key-file'],
    config,
  };
}

export function usage(): string {
  const width = Math.max(...FLAGS.map(({ name, value }) => name.length + value.length)) + 5;
  const flags = FLAGS.map(({ name, value, help }) => `  ${`--${name} ${value}`.padEnd(width)}${help}`);
  const names = CONTROLLERS.map(({ name }) => `  ${name}`).toSorted((a, b) => (a < b ? -1 : 1));
  return ['Usage: controller-manager [flags]', '', 'Flags:', ...flags, '', 'Controllers:', ...names, ''].join('\n');
}

/** Boolean flags may stand without a value, which means true. */
function read(argv: readonly string[]): Values {
  const known = new Set([...FLAGS.map(({ name }) => name), ...WITHOUT_EFFECT, 'help']);
  const { tokens } = parseArgs({ args: [...argv], strict: false, tokens: true });
  const values: Record<string, string> = {};
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind !== 'option') throw new UsageError(`unexpected argument ${argv[token.index]}`);
    if (!known.has(token.name) && !token.name.startsWith('concurrent-')) {
      throw new UsageError(`unknown flag: --${token.name}`);
    }
    const next = tokens[index + 1];
    if (token.value !== undefined) values[token.name] = token.value;
    else if (next?.kind === 'positional') {
      values[token.name] = next.value;
      index++;
    } else values[token.name] = 'true';
  }
  return values;
}

function checked(name: string, text: string, set: Setting): Partial<ControllerManagerConfig> {
  try {
    return set(text);
  } catch (error) {
    throw new UsageError(`invalid value ${JSON.stringify(text)} of --${name}: ${(error as Error).message}`);
  }
}

function durationMs(text: string): number {
  const ms = Number(parseDuration(text) / 1_000_000n);
  if (ms < 0) throw new DurationError('must not be negative');
  return ms;
}

function finite(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new UsageError('not a number');
  return value;
}

function boolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new UsageError('neither true nor false');
  return text === 'true';
}
