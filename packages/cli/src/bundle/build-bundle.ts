import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { systemClock } from '@kts/base';
import { build, stop, type Plugin } from 'esbuild';

import { changeTime, RECORD_FILE, type BundleRecord } from './bundle-record.ts';

export interface BundleConfig {
  /** The project's directory, absolute. */
  readonly root: string;
  /** Where the bundle is kept, absolute. */
  readonly directory: string;
  /** The module to start with, absolute. */
  readonly entry: string;
}

/** Files of older bundles stay for as long: a cluster that runs from one loads further parts of it when it needs them. */
const KEEP_MS = 30 * 24 * 3600 * 1000;

/**
 * Bundles the program, with one file per part that is loaded on demand. Files are named after their content and put in
 * place whole, so that programs may start, and run, while another bundle is made.
 * Returns the file to import. Throws if a source cannot be read or the directory cannot be written.
 */
export async function buildBundle({ root, directory, entry }: BundleConfig): Promise<string> {
  const startedMs = systemClock.now();
  const { outputFiles, metafile } = await bundle(root, directory, entry);
  await mkdir(directory, { recursive: true });
  for (const file of outputFiles) await putFile(file.path, file.contents);
  // Parts that are loaded on demand are entry points too, each of its own module.
  const [output] = Object.entries(metafile.outputs).find(([, part]) => part.entryPoint === relative(root, entry))!;
  const sources = [
    import.meta.filename,
    join(root, 'package-lock.json'),
    ...Object.keys(metafile.inputs)
      .filter((path) => !path.startsWith('node_modules/'))
      .map((path) => join(root, path)),
  ];
  const record: BundleRecord = {
    entry: join(root, output),
    // What changed while the bundle was made may be in it or not: it does not count as bundled.
    sources: sources.map((path) => {
      const changedMs = changeTime(path) ?? 0;
      return [path, changedMs < startedMs ? changedMs : 0];
    }),
  };
  await putFile(join(directory, RECORD_FILE), JSON.stringify(record));
  await removeOld(directory, startedMs - KEEP_MS);
  return record.entry;
}

async function bundle(root: string, directory: string, entry: string) {
  try {
    return await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outdir: directory,
      entryNames: '[name]-[hash]',
      chunkNames: '[name]-[hash]',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'esnext',
      write: false,
      metafile: true,
      logLevel: 'silent',
      // CommonJS packages of the bundle load Node's modules with `require`, which a module does not have.
      banner: {
        js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
      },
      plugins: [keepPlaces, leavePackagesOnDemand],
    });
  } finally {
    await stop();
  }
}

/** Lets `import.meta` say where the source is, since data files and workers lie beside it. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup: (plugin) => {
    plugin.onLoad({ filter: /\/packages\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * Leaves packages that are loaded on demand to Node: bundled, a CommonJS one would have a default export alone, where Node
 * finds the names of what it exports.
 */
const leavePackagesOnDemand: Plugin = {
  name: 'leave-packages-on-demand',
  setup: (plugin) => {
    plugin.onResolve({ filter: /^[a-z@]/ }, ({ kind, path }) => {
      return kind === 'dynamic-import' && !path.startsWith('@kts/') ? { path, external: true } : undefined;
    });
  },
};

/** Writes a file whole or not at all; one of the same name that is there keeps its place, and counts as new. */
async function putFile(path: string, contents: Uint8Array | string): Promise<void> {
  const isNamedAfterContent = basename(path) !== RECORD_FILE;
  const nowSeconds = systemClock.now() / 1000;
  if (isNamedAfterContent && (await stat(path).catch(() => undefined))) return utimes(path, nowSeconds, nowSeconds);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, path);
}

async function removeOld(directory: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if ((changeTime(path) ?? beforeMs) < beforeMs) await rm(path, { force: true });
  }
}
