import type { CommandDefinition } from '../command-line.ts';

/** Runs one component as a process of its own, with upstream's flags. Its `main` reads the arguments itself. */
function componentCommand(name: string, summary: string, load: () => Promise<unknown>): CommandDefinition {
  return {
    name,
    summary,
    flags: [],
    passThrough: true,
    run: async ({ rest }) => {
      process.argv.splice(2, process.argv.length, ...rest);
      await load();
      return typeof process.exitCode === 'number' ? process.exitCode : 0;
    },
  };
}

export const componentCommands: readonly CommandDefinition[] = [
  componentCommand('apiserver', 'Runs an API server (flags of kube-apiserver).', () => import('@kts/apiserver/main')),
  componentCommand(
    'controller-manager',
    'Runs the controllers (flags of kube-controller-manager).',
    () => import('@kts/controller-manager/main'),
  ),
  componentCommand('scheduler', 'Runs a scheduler (flags of kube-scheduler).', () => import('@kts/scheduler/main')),
  componentCommand(
    'kubelet',
    'Runs the kubelet of this machine (flags of kubelet).',
    () => import('@kts/kubelet/main'),
  ),
  componentCommand(
    'proxy',
    'Runs the service proxy of this machine (flags of kube-proxy).',
    () => import('@kts/proxy/main'),
  ),
];
