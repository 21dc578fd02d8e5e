import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume, Secret } from '../gen/core-v1.gen.ts';
import { volumeWarnings } from './persistentvolume-warnings.ts';
import { secretWarnings } from './secret-warnings.ts';

const pem = (block: string) =>
  Buffer.from(`-----BEGIN ${block}-----\nAAAA\n-----END ${block}-----\n`).toString('base64');

test('key pairs that cannot work', () => {
  const rows: [string, Record<string, string>, RegExp | undefined][] = [
    ['both', { 'tls.crt': pem('CERTIFICATE'), 'tls.key': pem('EC PRIVATE KEY') }, undefined],
    ['nothing', { 'tls.crt': '', 'tls.key': '' }, /failed to find any PEM data in certificate input/],
    ['no key', { 'tls.crt': pem('CERTIFICATE'), 'tls.key': 'eA==' }, /failed to find any PEM data in key input/],
    ['switched', { 'tls.crt': pem('PRIVATE KEY'), 'tls.key': pem('CERTIFICATE') }, /inputs may have been switched/],
    ['certificate twice', { 'tls.crt': pem('CERTIFICATE'), 'tls.key': pem('CERTIFICATE') }, /rather than a key/],
    [
      'another block',
      { 'tls.crt': pem('X'), 'tls.key': '' },
      /after skipping PEM blocks of the following types: \[X\]/,
    ],
  ];
  for (const [name, data, expected] of rows) {
    const warnings = secretWarnings({ type: 'kubernetes.io/tls', data } as unknown as Secret);
    if (expected) assert.match(warnings.join(), expected, name);
    else assert.deepEqual(warnings, [], name);
  }
  assert.deepEqual(secretWarnings({ type: 'Opaque', data: {} } as unknown as Secret), []);
});

test('volumes that are out of date', () => {
  const metadata = { name: 'v', annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' } };
  const spec = { persistentVolumeReclaimPolicy: 'Recycle', storageos: {} };
  assert.deepEqual(
    volumeWarnings({ metadata, spec } as unknown as PersistentVolume).map((text) => text.split(':')[0]),
    [
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]',
      'spec.persistentVolumeReclaimPolicy',
      'spec.storageOS',
    ],
  );
});
