import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { dataDirectory, lockDataDirectory, prepareDataDirectory, type DataDirectory } from './data-directory.ts';

describe('data directory', () => {
  let directory: DataDirectory;
  beforeEach(() => {
    directory = dataDirectory(mkdtempSync(join(tmpdir(), 'kts-data-')));
  });
  afterEach(() => rmSync(directory.path, { recursive: true }));

  it('is made once and found again', async () => {
    await prepareDataDirectory(directory);
    await prepareDataDirectory(directory);
  });

  it('of a newer version is refused, and left as it is', async () => {
    const file = join(directory.path, 'format.json');
    writeFileSync(file, '{"format": 99}');
    await assert.rejects(prepareDataDirectory(directory), /newer kts \(format 99, this one knows 1\)/);
    assert.equal(readFileSync(file, 'utf8'), '{"format": 99}');
  });

  it('with a damaged format file is refused by name', async () => {
    writeFileSync(join(directory.path, 'format.json'), 'not json');
    await assert.rejects(prepareDataDirectory(directory), /format\.json is not readable/);
  });

  it('is locked for one process, and free again afterwards', async () => {
    const lock = await lockDataDirectory(directory, 1);
    await lock.release();
    await (await lockDataDirectory(directory, process.pid)).release();
  });

  it('a lock whose process is gone is taken over', async () => {
    writeFileSync(join(directory.path, 'lock'), '999999999');
    await (await lockDataDirectory(directory, process.pid)).release();
  });

  it('a lock of a living kts is respected', async () => {
    writeFileSync(join(directory.path, 'lock'), String(process.ppid));
    const command = readFileSync(`/proc/${process.ppid}/cmdline`, 'utf8');
    const attempt = lockDataDirectory(directory, process.pid);
    if (command.includes('kts')) await assert.rejects(attempt, /running already/);
    else await (await attempt).release();
  });
});
