import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { GrpcError } from '@kts/grpc';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';
import { planRotation, rotateLogs, rotationStamp } from './log-rotation.ts';

describe('rotated logs', () => {
  const table: readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    ['none yet', [], [], []],
    ['the newest one is compressed', ['0.log.1'], [], ['0.log.1']],
    ['what is compressed stays', ['0.log.1.gz', '0.log.2'], [], ['0.log.2']],
    ['the oldest go', ['0.log.3', '0.log.1.gz', '0.log.4', '0.log.2.gz'], ['0.log.1.gz'], ['0.log.3', '0.log.4']],
    ['so does what a broken rotation left', ['0.log.1', '0.log.1.gz', '0.log.2.tmp'], ['0.log.1', '0.log.2.tmp'], []],
  ];
  for (const [name, rotated, remove, compress] of table) {
    test(name, () => assert.deepEqual(planRotation(rotated, 5), { remove, compress }));
  }

  test('with two files in all, nothing stays but the one that is rotated now', () => {
    assert.deepEqual(planRotation(['0.log.1', '0.log.2'], 2), { remove: ['0.log.1', '0.log.2'], compress: [] });
  });

  test('are named by the time', () => {
    assert.equal(rotationStamp(Date.UTC(2026, 0, 2, 15, 4, 5)), '20260102-150405');
    assert.ok(rotationStamp(new FakeClock().now()).length === 15);
  });
});

describe('a container that writes much', () => {
  const setUp = async () => {
    const fixture = await KubeletFixture.start({ containerLogMaxSizeBytes: 100, containerLogMaxFiles: 3 });
    await fixture.createPod('chatty');
    await fixture.clock.advance(3000);
    const { uid } = (await fixture.pod('chatty')).metadata;
    const directory = `/var/log/pods/default_chatty_${uid}/c`;
    const write = (text: string): Promise<void> =>
      fixture.host.files.writeFile(`${directory}/0.log`, new TextEncoder().encode(text), 0o640);
    const files = (): Promise<readonly string[]> => fixture.host.files.readDirectory(directory);
    return { fixture, directory, write, files };
  };

  test('has its log rotated, compressed and in the end removed', async () => {
    const { fixture, directory, write, files } = await setUp();
    await using _ = fixture;
    await write('short');
    await fixture.clock.advance(10_000);
    assert.deepEqual(await files(), ['0.log']);

    await write('a'.repeat(100));
    await fixture.clock.advance(10_000);
    const [first, ...others] = await files();
    assert.match(first!, /^0\.log\.\d{8}-\d{6}$/);
    assert.deepEqual(others, [], 'the runtime makes the next one');

    await write('b'.repeat(100));
    await fixture.clock.advance(10_000);
    const second = await files();
    assert.deepEqual(second.slice(0, 1), [`${first}.gz`]);
    const compressed = await fixture.host.files.readFile(`${directory}/${first}.gz`);
    assert.equal(gunzipSync(compressed).toString(), 'a'.repeat(100));

    await write('c'.repeat(100));
    await fixture.clock.advance(10_000);
    const third = await files();
    assert.equal(third.length, 2);
    assert.equal(third.includes(`${first}.gz`), false, 'three files at most, the next one included');

    await write('d');
    fixture.runtime.exit('c', 1);
    await fixture.clock.advance(2000);
    fixture.runtime.exit('c', 1);
    await fixture.clock.advance(30_000);
    assert.deepEqual(
      (await files()).filter((name) => name.startsWith('0.log')),
      [],
    );
  });

  test('keeps its log if the runtime does not open another', async () => {
    const { fixture, write, files } = await setUp();
    await using _ = fixture;
    await write('a'.repeat(100));
    fixture.runtime.reopenContainerLog = () => Promise.reject(new GrpcError('Unknown', 'no'));
    await fixture.clock.advance(10_000);
    assert.deepEqual(await files(), ['0.log']);
  });

  test('has its log opened anew if somebody has removed it', async () => {
    const { fixture, write, directory } = await setUp();
    await using _ = fixture;
    await write('a');
    await fixture.host.files.remove(`${directory}/0.log`);
    const opened: string[] = [];
    fixture.runtime.reopenContainerLog = async ({ containerId }) => {
      opened.push(containerId ?? '');
      return {};
    };
    const { runtime, clock } = fixture;
    const { files } = fixture.host;
    const deps = { runtime, files, clock, log: silentLogger, podLogsDir: '/var/log/pods', bytesMax: 100, filesMax: 3 };
    await rotateLogs(deps, new AbortController().signal);
    assert.equal(opened.length, 1);
  });
});
