import type { CommandDefinition } from '../command-line.ts';

export const version: CommandDefinition = {
  name: 'version',
  summary: 'Prints the version of kts and of the Kubernetes it is compatible with.',
  flags: [],
  run: async () => {
    const { KUBERNETES_VERSION } = await import('@kts/apiserver');
    process.stdout.write(`kts 0.1.0 (Kubernetes ${KUBERNETES_VERSION}, Node.js ${process.version})\n`);
    return 0;
  },
};
