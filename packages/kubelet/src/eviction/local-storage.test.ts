import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec } from '@kts/api/types/core-v1';
import { aContainer, aPod } from '../testing/pods.ts';
import { limitsLocalStorage, localStorageExcess } from './local-storage.ts';
import type { PodUsage } from './pod-usage.ts';

const KI = 1024;
const disk = (bytes: number) => ({ bytes, inodes: 1 });
const limited = (limit: string): Partial<PodSpec> => ({
  containers: [aContainer('c', { resources: { limits: { 'ephemeral-storage': limit } } })],
});
const withVolume = (emptyDir: object): Partial<PodSpec> => ({ volumes: [{ name: 'v', emptyDir }] });
const used = (layer: number, logs: number, volume: number): PodUsage => ({
  containers: [{ name: 'c', writableLayer: disk(layer), logs: disk(logs) }],
  volumes: new Map([['v', disk(volume)]]),
});

describe('what a pod writes to the disk', () => {
  const table: readonly (readonly [string, Partial<PodSpec>, PodUsage, string | undefined])[] = [
    ['no limit', withVolume({}), used(1e9, 1e9, 1e9), undefined],
    ['within the limit of a volume', withVolume({ sizeLimit: '1Ki' }), used(0, 0, KI), undefined],
    [
      'beyond the limit of a volume',
      withVolume({ sizeLimit: '1Ki' }),
      used(0, 0, KI + 1),
      'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ',
    ],
    ['a limit of nothing is none', withVolume({ sizeLimit: '0' }), used(0, 0, 5), undefined],
    ['within the limit of a pod', limited('3Ki'), used(KI, KI, KI), undefined],
    [
      'beyond it together',
      limited('3Ki'),
      used(KI, KI, KI + 1),
      'Pod ephemeral local storage usage exceeds the total limit of containers 3Ki. ',
    ],
    [
      'one container beyond its own',
      {
        containers: [
          ...limited('1Ki').containers!,
          aContainer('d', { resources: { limits: { 'ephemeral-storage': '9Ki' } } }),
        ],
      },
      used(KI, 1, 0),
      'Container c exceeded its local ephemeral storage limit "1Ki". ',
    ],
  ];
  for (const [name, spec, usage, message] of table) {
    test(name, () => assert.equal(localStorageExcess(aPod(spec), usage, false), message));
  }

  test('writable layers on a file system of their own do not count against a container', () => {
    const two = {
      containers: [...limited('1Ki').containers!, ...limited('9Ki').containers!.map((c) => ({ ...c, name: 'd' }))],
    };
    assert.equal(localStorageExcess(aPod(two), used(2 * KI, 1, 0), true), undefined);
  });

  test('is measured only where there is a limit', () => {
    assert.equal(limitsLocalStorage(aPod()), false);
    assert.equal(limitsLocalStorage(aPod(withVolume({}))), false);
    assert.equal(limitsLocalStorage(aPod(withVolume({ medium: 'Memory', sizeLimit: '1Ki' }))), false);
    assert.equal(limitsLocalStorage(aPod(withVolume({ sizeLimit: '1Ki' }))), true);
    assert.equal(limitsLocalStorage(aPod(limited('1Ki'))), true);
  });
});
