import { readFileSync } from 'node:fs';
import { parseFlags } from '@kts/base';
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
  const values = parseFlags(args, {
    kubeconfig: { type: 'string' },
    config: { type: 'string' },
    'leader-elect': { type: 'switch' },
    v: { type: 'number', short: 'v' },
    help: { type: 'switch', short: 'h' },
  });
  return {
    ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
    ...(values.config !== undefined && { config: values.config }),
    ...(values['leader-elect'] !== undefined && { leaderElect: values['leader-elect'] }),
    verbosity: values.v ?? 0,
    help: values.help ?? false,
  };
}

/** What `--config` names; without it, the defaults. Throws if the file is not a valid configuration. */
export function readConfiguration({ config }: SchedulerFlags): KubeSchedulerConfiguration {
  if (config === undefined) return {};
  const configuration = parseYaml(readFileSync(config, 'utf8')) as KubeSchedulerConfiguration;
  const errors = validateConfiguration(configuration);
  if (errors.length > 0) throw new Error(errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
  return configuration;
}
