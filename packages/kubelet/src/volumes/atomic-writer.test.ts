import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { MemoryFiles } from '../testing/memory-files.ts';
import { writeAtomically } from './atomic-writer.ts';

const DIRECTORY = '/volume';

function payload(files: Readonly<Record<string, string>>): Map<string, { data: Uint8Array; mode: number }> {
  return new Map(
    Object.entries(files).map(([path, text]) => [path, { data: new TextEncoder().encode(text), mode: 0o644 }]),
  );
}

class Volume {
  readonly files = new MemoryFiles();
  readonly #context = { files: this.files, clock: new FakeClock(), random: seededRandom(1) };

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    await this.files.makeDirectory(DIRECTORY, 0o777);
    await writeAtomically(this.#context, DIRECTORY, payload(files), () => Promise.resolve());
  }

  async read(path: string): Promise<string> {
    return new TextDecoder().decode(await this.files.readFile(`${DIRECTORY}/${path}`));
  }
}

test('files are visible through ..data, and change together', async () => {
  const volume = new Volume();
  await volume.write({ a: '1', 'dir/b': '2' });
  assert.equal(await volume.files.readLink(`${DIRECTORY}/a`), '..data/a');
  assert.equal(await volume.read('dir/b'), '2');
  const before = await volume.files.readLink(`${DIRECTORY}/..data`);

  await volume.write({ a: 'new', c: '3' });
  assert.equal(await volume.read('a'), 'new');
  assert.deepEqual(
    (await volume.files.readDirectory(DIRECTORY)).filter((name) => !name.startsWith('..')),
    ['a', 'c'],
  );
  assert.equal(await volume.files.stat(`${DIRECTORY}/${before}`), undefined);
});

test('nothing is written if nothing changed', async () => {
  const volume = new Volume();
  await volume.write({ a: '1' });
  const before = await volume.files.readLink(`${DIRECTORY}/..data`);
  await volume.write({ a: '1' });
  assert.equal(await volume.files.readLink(`${DIRECTORY}/..data`), before);
});

for (const path of ['', '/absolute', 'a/../b', '..hidden']) {
  test(`a path that is refused: ${JSON.stringify(path)}`, async () => {
    await assert.rejects(new Volume().write({ [path]: 'x' }), /invalid path/);
  });
}
