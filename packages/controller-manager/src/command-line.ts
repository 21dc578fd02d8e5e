/** Parses the controller manager's flags and prints their help. */
import { parseArgs } from 'node:util';

import type { SignerName } from './certificates/plan-signature.ts';
import { DEFAULT_CONFIG, type ControllerManagerConfig } from './controller-manager-config.ts';
import { CONTROLLERS, unknownControllers } from './controllers.ts';
import {
  booleanValue,
  CONCURRENCY_FLAGS,
  durationMs,
  finiteNumber,
  FLAGS,
  SIGNER_FLAGS,
  UsageError,
  WITHOUT_EFFECT,
} from './flags.ts';

export { UsageError } from './flags.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface CommandLine {
  readonly help: boolean;
  readonly kubeconfig: string | undefined;
  readonly verbosity: number;
  /** Undefined: this copy works at once. */
  readonly leaderElection: LeaderElectionFlags | undefined;
  readonly rootCAFile: string | undefined;
  readonly serviceAccountKeyFile: string | undefined;
  readonly clusterSigning: CertificateFiles | undefined;
  readonly signers: Readonly<Partial<Record<SignerName, CertificateFiles>>>;
  /** Undefined: nothing is served. */
  readonly serving: ServingFlags | undefined;
  readonly config: Partial<ControllerManagerConfig>;
}

export interface LeaderElectionFlags {
  readonly leaseName: string;
  readonly leaseNamespace: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

export interface ServingFlags {
  readonly address: string;
  readonly port: number;
  /** Absent: a new certificate is made. */
  readonly files: CertificateFiles | undefined;
  readonly clientCAFile: string | undefined;
  readonly alwaysAllowPaths: readonly string[];
}

type Values = Readonly<Record<string, string | undefined>>;

const ALWAYS_ALLOW_PATHS = '/healthz,/readyz,/livez';
const SECURE_PORT = 10257;

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const values = read(argv);
  const config = settings(values);
  const unknown = unknownControllers(config.controllers ?? DEFAULT_CONFIG.controllers);
  if (unknown.length > 0) throw new UsageError(`unknown controllers: ${unknown.join(', ')}`);
  return {
    help: values['help'] !== undefined,
    kubeconfig: values['kubeconfig'],
    verbosity: finiteNumber(values['v'] ?? '0'),
    leaderElection: leaderElection(values),
    rootCAFile: values['root-ca-file'],
    serviceAccountKeyFile: values['service-account-private-key-file'],
    clusterSigning: files(values, 'cluster-signing-cert-file', 'cluster-signing-key-file'),
    signers: signers(values),
    serving: serving(values),
    config,
  };
}

export function usage(): string {
  const width = Math.max(...FLAGS.map(({ name, value }) => name.length + value.length)) + 5;
  const flags = FLAGS.map(({ name, value, help }) => `  ${`--${name} ${value}`.padEnd(width)}${help}`);
  const names = CONTROLLERS.map(({ name }) => `  ${name}`).toSorted((a, b) => (a < b ? -1 : 1));
  return ['Usage: controller-manager [flags]', '', 'Flags:', ...flags, '', 'Controllers:', ...names, ''].join('\n');
}

function settings(values: Values): Partial<ControllerManagerConfig> {
  const set = FLAGS.flatMap((flag) => {
    const text = values[flag.name];
    return text === undefined || !flag.set ? [] : [checked(flag.name, text, flag.set)];
  });
  const workers = Object.entries(CONCURRENCY_FLAGS).flatMap(([name, controller]) => {
    const text = values[name];
    return text === undefined ? [] : [[controller, checked(name, text, positive)] as const];
  });
  const all: Partial<ControllerManagerConfig> = Object.assign({}, ...set);
  return workers.length > 0 ? { ...all, workers: Object.fromEntries(workers) } : all;
}

function leaderElection(values: Values): LeaderElectionFlags | undefined {
  if (!checked('leader-elect', values['leader-elect'] ?? 'true', booleanValue)) return undefined;
  const time = (name: string, fallback: string): number => {
    const flag = `leader-elect-${name}`;
    return checked(flag, values[flag] ?? fallback, durationMs);
  };
  return {
    leaseName: values['leader-elect-resource-name'] ?? 'kube-controller-manager',
    leaseNamespace: values['leader-elect-resource-namespace'] ?? 'kube-system',
    leaseDurationMs: time('lease-duration', '15s'),
    renewDeadlineMs: time('renew-deadline', '10s'),
    retryPeriodMs: time('retry-period', '2s'),
  };
}

function serving(values: Values): ServingFlags | undefined {
  const port = checked('secure-port', values['secure-port'] ?? String(SECURE_PORT), finiteNumber);
  if (port === 0) return undefined;
  const paths = values['authorization-always-allow-paths'] ?? ALWAYS_ALLOW_PATHS;
  return {
    address: values['bind-address'] ?? '0.0.0.0',
    port,
    files: files(values, 'tls-cert-file', 'tls-private-key-file'),
    clientCAFile: values['client-ca-file'],
    alwaysAllowPaths: paths.split(',').filter(Boolean),
  };
}

/** Mirrors: newCertificateSigningRequestSigningController in cmd/kube-controller-manager/app/certificates.go (v1.36) */
function signers(values: Values): CommandLine['signers'] {
  const found = Object.entries(SIGNER_FLAGS).flatMap(([part, signer]) => {
    const own = files(values, `cluster-signing-${part}-cert-file`, `cluster-signing-${part}-key-file`);
    return own ? [[signer, own] as const] : [];
  });
  if (found.length > 0 && values['cluster-signing-cert-file'] !== undefined) {
    throw new UsageError('cannot specify default and per controller certs at the same time');
  }
  return Object.fromEntries(found);
}

function files(values: Values, certificateFlag: string, keyFlag: string): CertificateFiles | undefined {
  const certificate = values[certificateFlag];
  const key = values[keyFlag];
  if (certificate === undefined && key === undefined) return undefined;
  if (!certificate || !key) throw new UsageError(`--${certificateFlag} and --${keyFlag} belong together`);
  return { certificate, key };
}

/** Boolean flags may stand without a value, which means true. */
function read(argv: readonly string[]): Values {
  const known = new Set([...FLAGS.map(({ name }) => name), ...WITHOUT_EFFECT, 'help']);
  const { tokens } = parseArgs({ args: [...argv], strict: false, tokens: true });
  const values: Record<string, string> = {};
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind !== 'option') throw new UsageError(`unexpected argument ${argv[token.index]}`);
    const name = token.name.replaceAll('_', '-');
    if (!known.has(name)) throw new UsageError(`unknown flag: --${token.name}`);
    const next = tokens[index + 1];
    if (token.value !== undefined) values[name] = token.value;
    else if (next?.kind === 'positional') {
      values[name] = next.value;
      index++;
    } else values[name] = 'true';
  }
  return values;
}

function checked<T>(name: string, text: string, set: (text: string) => T): T {
  try {
    return set(text);
  } catch (error) {
    throw new UsageError(`invalid value ${JSON.stringify(text)} of --${name}: ${(error as Error).message}`);
  }
}

function positive(text: string): number {
  const value = finiteNumber(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError('must be greater than 0');
  return value;
}
