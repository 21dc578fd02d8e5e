/**
 * A Deployment on simulated nodes, from its creation until all its pods are Ready.
 *
 *   node bench/simulated.ts [--nodes 100] [--pods 1000] [--runs 3]
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Connection } from './connection.ts';
import { removeDirectory, startKts, temporaryDirectory } from './kts-process.ts';
import { cpuMs, residentMb } from './process-usage.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    pods: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
  },
});
const PODS = Number(values.pods);
const POLL_MS = 20;
const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments';

const directory = temporaryDirectory();
const cluster = startKts(directory, ['--port', '0', '--runtime', 'simulated', '--simulated-nodes', values.nodes]);
try {
  const started = await cluster.until(() => Promise.resolve(existsSync(cluster.kubeconfig)));
  console.log(`${values.nodes} nodes are there after ${started.toFixed(0)} ms`);
  const connection = new Connection(cluster.kubeconfig);
  for (let run = 0; run < Number(values.runs); run++) await deploy(connection, `web-${run}`);
  connection.close();
} finally {
  await cluster.stop();
  removeDirectory(directory);
}

async function deploy(connection: Connection, name: string): Promise<void> {
  const cpu = cpuMs([cluster.pid]);
  const begun = performance.now();
  await connection.request('POST', DEPLOYMENT, { body: deployment(name) });
  const milestones = new Map<string, number>();
  await cluster.until(async () => {
    const { body } = await connection.request('GET', `${DEPLOYMENT}/${name}`);
    const { status } = JSON.parse(body.toString()) as { status: Record<string, number | undefined> };
    for (const field of ['replicas', 'readyReplicas']) {
      if (status[field] === PODS && !milestones.has(field)) milestones.set(field, performance.now() - begun);
    }
    return milestones.has('readyReplicas');
  }, POLL_MS);
  console.log(
    `${PODS} pods created after ${milestones.get('replicas')?.toFixed(0)} ms, Ready after ${milestones.get('readyReplicas')!.toFixed(0)} ms; ` +
      `${(cpuMs([cluster.pid]) - cpu).toFixed(0)} ms of CPU, ${residentMb([cluster.pid]).toFixed(0)} MB resident`,
  );
  await connection.request('DELETE', `${DEPLOYMENT}/${name}?propagationPolicy=Foreground`);
  await cluster.until(async () => (await connection.request('GET', `${DEPLOYMENT}/${name}`)).status === 404, POLL_MS);
}

function deployment(name: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: PODS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.com/app:1' }] } },
    },
  };
}
