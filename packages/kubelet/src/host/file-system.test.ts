/** What every FileSystem promises: of the files of this machine, and of those in memory that tests and simulated nodes use. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { MemoryFiles } from '../testing/memory-files.ts';
import { isFileError, type FileSystem } from './file-system.ts';
import { linuxFiles } from './linux/linux-files.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const fails = (work: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(work, (error) => isFileError(error, code));

function promises(files: FileSystem, base: string): void {
  let made = 0;
  const fresh = async (): Promise<string> => {
    const directory = `${base}/${++made}`;
    await files.makeDirectory(directory, 0o755);
    return directory;
  };

  it('writes, replaces and reads files', async () => {
    const file = `${await fresh()}/file`;
    await files.writeFile(file, bytes('one'), 0o600);
    await files.writeFile(file, bytes('three'), 0o640);
    assert.equal(text(await files.readFile(file)), 'three');
    assert.equal(text(await files.readFile(file, 2)), 'th');
    const info = await files.stat(file);
    assert.deepEqual([info?.type, info?.mode, info?.size], ['file', 0o640, 5]);
  });

  it('makes a directory with its parents, and again without complaint', async () => {
    const directory = await fresh();
    await files.makeDirectory(`${directory}/a/b`, 0o777);
    await files.makeDirectory(`${directory}/a/b`, 0o777);
    assert.equal((await files.stat(`${directory}/a/b`))?.mode, 0o777);
    assert.deepEqual(await files.readDirectory(directory), ['a']);
  });

  it('lists names in order', async () => {
    const directory = await fresh();
    for (const name of ['c', 'a', 'b']) await files.writeFile(`${directory}/${name}`, bytes(''), 0o600);
    await files.makeDirectory(`${directory}/a2/below`, 0o755);
    assert.deepEqual(await files.readDirectory(directory), ['a', 'a2', 'b', 'c']);
  });

  it('follows links, relative and absolute, in the middle and at the end', async () => {
    const directory = await fresh();
    await files.makeDirectory(`${directory}/real/below`, 0o755);
    await files.writeFile(`${directory}/real/file`, bytes('here'), 0o600);
    await files.symlink('real', `${directory}/relative`);
    await files.symlink(`${directory}/real`, `${directory}/absolute`);
    await files.symlink('../relative/file', `${directory}/real/loop-to-file`);
    for (const path of ['relative/file', 'absolute/file', 'absolute/below/../file', 'relative/loop-to-file']) {
      assert.equal(text(await files.readFile(`${directory}/${path}`)), 'here', path);
      assert.equal(await files.realPath(`${directory}/${path}`), `${directory}/real/file`, path);
    }
    assert.equal((await files.lstat(`${directory}/relative`))?.type, 'symlink');
    assert.equal((await files.stat(`${directory}/relative`))?.type, 'directory');
    assert.equal(await files.readLink(`${directory}/relative`), 'real');
  });

  it('gives up on links that lead nowhere but to each other', async () => {
    const directory = await fresh();
    await files.symlink('b', `${directory}/a`);
    await files.symlink('a', `${directory}/b`);
    await fails(files.readFile(`${directory}/a`), 'ELOOP');
  });

  it('moves files, links and trees onto what is there', async () => {
    const directory = await fresh();
    await files.makeDirectory(`${directory}/tree/below`, 0o755);
    await files.writeFile(`${directory}/tree/below/file`, bytes('moved'), 0o600);
    await files.rename(`${directory}/tree`, `${directory}/other`);
    assert.equal(text(await files.readFile(`${directory}/other/below/file`)), 'moved');
    await files.symlink('one', `${directory}/link`);
    await files.symlink('two', `${directory}/new-link`);
    await files.rename(`${directory}/new-link`, `${directory}/link`);
    assert.equal(await files.readLink(`${directory}/link`), 'two');
    await files.rename(`${directory}/link`, `${directory}/link`);
    assert.deepEqual(await files.readDirectory(directory), ['link', 'other']);
  });

  it('removes trees and links but not what they lead to; nothing there is fine', async () => {
    const directory = await fresh();
    await files.makeDirectory(`${directory}/tree/below`, 0o755);
    await files.writeFile(`${directory}/kept`, bytes('kept'), 0o600);
    await files.symlink('../kept', `${directory}/tree/link`);
    await files.remove(`${directory}/tree/link`);
    await files.remove(`${directory}/tree`);
    await files.remove(`${directory}/tree`);
    assert.deepEqual(await files.readDirectory(directory), ['kept']);
  });

  it('says what is wrong with a path', async () => {
    const directory = await fresh();
    await files.writeFile(`${directory}/file`, bytes(''), 0o600);
    assert.equal(await files.stat(`${directory}/missing`), undefined);
    await fails(files.readFile(`${directory}/missing`), 'ENOENT');
    await fails(files.readFile(directory), 'EISDIR');
    await fails(files.writeFile(`${directory}/missing/file`, bytes(''), 0o600), 'ENOENT');
    await fails(files.readDirectory(`${directory}/file`), 'ENOTDIR');
    await fails(files.makeDirectory(`${directory}/file`, 0o755), 'EEXIST');
    await fails(files.makeDirectory(`${directory}/file/below`, 0o755), 'ENOTDIR');
    await fails(files.symlink('x', `${directory}/file`), 'EEXIST');
    await fails(files.readLink(`${directory}/file`), 'EINVAL');
    await fails(files.rename(`${directory}/missing`, `${directory}/file`), 'ENOENT');
    await fails(files.rename(`${directory}/file`, `${directory}/missing/file`), 'ENOENT');
    assert.deepEqual(await files.readDirectory(directory), ['file']);
  });

  it('changes modes', async () => {
    const file = `${await fresh()}/file`;
    await files.writeFile(file, bytes(''), 0o600);
    await files.chmod(file, 0o4755);
    assert.equal((await files.stat(file))?.mode, 0o4755);
  });
}

describe('files of this machine', () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'kts-files-')));
  after(() => rmSync(base, { recursive: true }));
  promises(linuxFiles, base);
});

describe('files in memory', () => {
  promises(new MemoryFiles(), '/base');
});

describe('bind mounts in memory', () => {
  it('show what they are of until they are taken away, whatever happens to its path', async () => {
    const files = new MemoryFiles();
    files.add('/source/file', { content: 'source' });
    files.add('/target/own', { content: 'own' });
    files.bind('/source', '/target');
    assert.deepEqual(await files.readDirectory('/target'), ['file']);
    assert.equal(files.tree('').get('/target')?.bind?.isDeleted, false);
    await files.remove('/source');
    assert.equal(text(await files.readFile('/target/file')), 'source');
    assert.deepEqual(files.tree('').get('/target')?.bind, { source: '/source', isDeleted: true });
    files.unbind('/target');
    assert.deepEqual(await files.readDirectory('/target'), ['own']);
  });
});
