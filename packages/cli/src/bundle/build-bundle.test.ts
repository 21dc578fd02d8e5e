import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { buildBundle } from './build-bundle.ts';
import { currentEntry, RECORD_FILE } from './bundle-record.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

describe('the bundle of the program', () => {
  let root: string;
  let directory: string;
  const source = (name: string): string => join(root, 'packages/program', name);
  const make = (): Promise<string> => buildBundle({ root, directory, entry: source('main.ts') });
  /** Writes a source that counts as old: one of this very moment might change again within the clock's resolution. */
  const write = async (name: string, text: string, changed = LONG_AGO): Promise<void> => {
    await writeFile(source(name), text);
    await utimes(source(name), changed, changed);
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kts-bundle-'));
    directory = join(root, 'cache');
    await mkdir(join(root, 'packages/program'), { recursive: true });
    await writeFile(join(root, 'package-lock.json'), '{}');
    await utimes(join(root, 'package-lock.json'), LONG_AGO, LONG_AGO);
    await write('greeting.ts', "export const greeting: string = 'hello';\nexport const here = import.meta.dirname;");
    await write('late.ts', "export const late = 'later';");
    await write(
      'main.ts',
      `import { readFileSync } from 'node:fs';
      export { greeting, here } from './greeting.ts';
      export const load = async () => (await import('./late.ts')).late;
      export const own = readFileSync(new URL('./data.txt', import.meta.url), 'utf8');`,
    );
    await write('data.txt', 'some data');
  });
  afterEach(() => rm(root, { recursive: true }));

  it('does what the sources do, and finds the files beside them', async () => {
    const program = (await import(await make())) as Record<string, unknown> & { load: () => Promise<string> };
    assert.deepEqual(
      { greeting: program['greeting'], here: program['here'], own: program['own'], late: await program.load() },
      { greeting: 'hello', here: join(root, 'packages/program'), own: 'some data', late: 'later' },
    );
  });

  it('takes names from CommonJS packages, those loaded on demand too', async () => {
    await mkdir(join(root, 'node_modules/box'), { recursive: true });
    await writeFile(join(root, 'node_modules/box/index.js'), "exports.pack = (what) => 'packed ' + what;");
    await write(
      'main.ts',
      `import { pack } from 'box';
      export const now = pack('now');
      export const load = async () => (await import('box')).pack('late');`,
    );
    const program = (await import(await make())) as { now: string; load: () => Promise<string> };
    assert.deepEqual([program.now, await program.load()], ['packed now', 'packed late']);
  });

  it('is used until a source changes', async () => {
    assert.equal(currentEntry(directory), undefined);
    const entry = await make();
    assert.equal(currentEntry(directory), entry);
    await write('late.ts', "export const late = 'never';", new Date(LONG_AGO.getTime() + 1));
    assert.equal(currentEntry(directory), undefined);
  });

  it('is made again after a source or a part of it is gone, or the packages changed', async () => {
    for (const spoil of [
      () => rm(source('greeting.ts')),
      () => utimes(join(root, 'package-lock.json'), new Date(0), new Date(0)),
      async (entry: string) => rm(entry),
      () => writeFile(join(directory, RECORD_FILE), '{"entry": "'),
    ]) {
      await write('greeting.ts', "export const greeting = 'hello';\nexport const here = '';");
      const entry = await make();
      assert.equal(currentEntry(directory), entry);
      await spoil(entry);
      assert.equal(currentEntry(directory), undefined, spoil.toString());
    }
  });

  it('does not count a source that changed while it was made', async () => {
    await write(
      'greeting.ts',
      "export const greeting = '';\nexport const here = '';",
      new Date('2999-01-01T00:00:00Z'),
    );
    await make();
    assert.equal(currentEntry(directory), undefined);
  });

  it('keeps the parts of the bundle before, and drops those of long ago', async () => {
    const before = await make();
    await appendFile(source('greeting.ts'), '\nexport const more = 1;');
    await write('main.ts', "export * from './greeting.ts';");
    await writeFile(join(directory, 'ancient-ABCDEFGH.mjs'), '');
    await utimes(join(directory, 'ancient-ABCDEFGH.mjs'), LONG_AGO, LONG_AGO);
    const after = await make();
    assert.notEqual(after, before);
    const names = await readdir(directory);
    assert.ok(
      [before, after].every((entry) => names.includes(entry.slice(directory.length + 1))),
      names.join(),
    );
    assert.ok(!names.includes('ancient-ABCDEFGH.mjs'));
  });

  it('says which source cannot be read', async () => {
    await write('main.ts', 'export const = ;');
    await assert.rejects(make(), /main\.ts/);
    assert.equal(currentEntry(directory), undefined);
  });
});
