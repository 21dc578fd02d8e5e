/**
 * What a whole cluster with one simulated node costs when nothing happens: CPU over a minute, and resident memory.
 *
 *   node bench/idle.ts [--seconds 60] [-- flags of kts up]
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { removeDirectory, startKts, temporaryDirectory } from './kts-process.ts';
import { cpuMs, residentMb } from './process-usage.ts';

/** What is left over from the start is not the cost of idling. */
const SETTLE_MS = 20_000;

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' } },
  allowPositionals: true,
});
const directory = temporaryDirectory();
const flags = positionals.length > 0 ? positionals : ['--runtime', 'simulated', '--simulated-nodes', '1'];
const cluster = startKts(directory, ['--port', '0', ...flags]);
try {
  await cluster.until(() => Promise.resolve(existsSync(cluster.kubeconfig)));
  const atStart = residentMb([cluster.pid]);
  await sleep(SETTLE_MS);
  const before = cpuMs([cluster.pid]);
  const seconds = Number(values.seconds);
  await sleep(seconds * 1000);
  const share = (cpuMs([cluster.pid]) - before) / (seconds * 10);
  console.log(
    `idle for ${seconds} s: ${share.toFixed(2)} % of a core, ${residentMb([cluster.pid]).toFixed(0)} MB resident`,
  );
  console.log(`resident when ready: ${atStart.toFixed(0)} MB`);
} finally {
  await cluster.stop();
  removeDirectory(directory);
}
