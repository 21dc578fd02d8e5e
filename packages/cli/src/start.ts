/**
 * What `./kts` runs: the program as a bundle of few files, which starts in half the time that its hundreds of modules take.
 * The bundle is made at the first start and after a change of the sources; where it cannot be made, the sources run.
 */
import { join } from 'node:path';

import { currentEntry } from './bundle/bundle-record.ts';

const root = join(import.meta.dirname, '../../..');
const directory = join(root, 'node_modules/.cache/kts');

const entry = currentEntry(directory) ?? (await makeBundle());
await (entry ? import(entry) : import('./main.ts'));

async function makeBundle(): Promise<string | undefined> {
  const { buildBundle } = await import('./bundle/build-bundle.ts');
  try {
    return await buildBundle({ root, directory, entry: join(import.meta.dirname, 'main.ts') });
  } catch (error) {
    process.stderr.write(`kts: starting slower, from the sources: ${(error as Error).message}\n`);
    return undefined;
  }
}
