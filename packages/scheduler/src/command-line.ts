import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseYaml } from '@kts/apimachinery';
import { validateConfiguration, type KubeSchedulerConfiguration } from './configuration.ts';

/** The flags of kube-scheduler that this scheduler has. */
export interface SchedulerFlags {
  readonly kubeconfig?: string;
  /** A file with a KubeSchedulerConfiguration. */
  readonly config?: string;
  readonly leaderElect?: boolean;
  readonly verbosity: number;
  readonly help: boolean;
}

export const USAGE = `Assigns pods to nodes.

Usage: kube-scheduler --kubeconfig FILE [flags]

  --kubeconfig FILE    how to reach the API server
  --config FILE        a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1)
  --leader-elect       wait for the lease kube-system/kube-scheduler (default true; --leader-elect=false: do not)
  -v, --v LEVEL        how much to log (default 0)
`;

/** Throws for flags that do not exist or make no sense. */
export function parseSchedulerFlags(args: readonly string[]): SchedulerFlags {
  const { values } = parseArgs({
    args: args.map(normalFlag),
    options: {
      kubeconfig: { type: 'string' },
      config: { type: 'string' },
      'leader-elect': { type: 'boolean' },
      v: { type: 'string', short: 'v', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowNegative: true,
  });
  const verbosity = Number(values.v);
  if (!Number.isInteger(verbosity)) throw new Error(`--v must be a number, not ${JSON.stringify(values.v)}`);
  return {
    ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
    ...(values.config !== undefined && { config: values.config }),
    ...(values['leader-elect'] !== undefined && { leaderElect: values['leader-elect'] }),
    verbosity,
    help: values.help,
  };
}

/** Go's forms of flags that Node does not know. */
function normalFlag(argument: string): string {
  if (argument === '--leader-elect=true') return '--leader-elect';
  if (argument === '--leader-elect=false') return '--no-leader-elect';
  return argument.replace(/^-v=/, '--v=');
}

/** What `--config` names; without it, the defaults. Throws if the file is not a valid configuration. */
export function readConfiguration({ config }: SchedulerFlags): KubeSchedulerConfiguration {
  if (config === undefined) return {};
  const configuration = parseYaml(readFileSync(config, 'utf8')) as KubeSchedulerConfiguration;
  const errors = validateConfiguration(configuration);
  if (errors.length > 0) throw new Error(errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
  return configuration;
}
