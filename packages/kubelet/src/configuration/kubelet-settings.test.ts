import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseKubeletFlags } from '../command-line.ts';
import type { KubeletConfig } from '../config.ts';
import { kubeletSettings, type KubeletSettings } from './kubelet-settings.ts';
import { validateKubeletConfig } from './validate-config.ts';
import { DEFAULT_KUBELET_CONFIG } from '../config.ts';

const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

describe('the settings of a kubelet', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'kubelet-settings-'))));
  after(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string): void => {
    const path = join(directory, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  };
  const settings = (...flags: readonly string[]): KubeletSettings =>
    kubeletSettings(parseKubeletFlags(flags), { nodeName: 'n', clusterDomain: 'default.local' });

  test('without files are the defaults', () => {
    const { config, runtimeSocket, serving, warnings } = settings();
    assert.deepEqual(config, { ...DEFAULT_KUBELET_CONFIG, nodeName: 'n', clusterDomain: 'default.local' });
    assert.equal(runtimeSocket, '/run/containerd/containerd.sock');
    assert.deepEqual(serving, { directory: '/var/lib/kubelet/pki' });
    assert.deepEqual(warnings, []);
  });

  test('come from the file, then from drop-ins by name, then from flags', () => {
    write(
      'kubelet.yaml',
      `${HEAD}maxPods: 1\nport: 1001\nsyncFrequency: 1s\nclusterDomain: file.local\nstaticPodPath: m\n`,
    );
    write('conf.d/20.conf', `${HEAD}maxPods: 3\nkubeReserved: {cpu: "2"}\n`);
    write('conf.d/10.conf', `${HEAD}maxPods: 2\nport: 1002\nkubeReserved: {memory: 1Gi}\nunheard: of\n`);
    write('conf.d/30/last.conf', `${HEAD}syncFrequency: null\n`);
    write('conf.d/notes.txt', 'none of this');
    const file = join(directory, 'kubelet.yaml');
    const { config, warnings } = settings('--config', file, '--config-dir', join(directory, 'conf.d'), '--port=1003');
    assert.equal(config.maxPods, 3);
    assert.equal(config.port, 1003);
    assert.equal(config.clusterDomain, 'file.local');
    assert.equal(config.syncFrequencyMs, DEFAULT_KUBELET_CONFIG.syncFrequencyMs);
    assert.equal(config.staticPodPath, join(directory, 'm'));
    assert.deepEqual(config.kubeReserved, { memory: '1Gi', cpu: '2' });
    assert.deepEqual(warnings, [
      `${join(directory, 'conf.d/10.conf')}: strict decoding error: unknown field "unheard"`,
      `${join(directory, 'conf.d/notes.txt')}: ignored, because its name does not end in .conf`,
    ]);
  });

  test('of the program: flags count more than the file', () => {
    write(
      'program.yaml',
      `${HEAD}tlsCertFile: /file/cert\ntlsPrivateKeyFile: /file/key\ncontainerRuntimeEndpoint: unix:///run/file.sock\n`,
    );
    const file = join(directory, 'program.yaml');
    const { serving, runtimeSocket } = settings(
      '--config',
      file,
      '--tls-cert-file',
      '/flag/cert',
      '--cert-dir',
      '/pki',
    );
    assert.deepEqual(serving, { certificate: '/flag/cert', key: '/file/key', directory: '/pki' });
    assert.equal(runtimeSocket, '/run/file.sock');
  });

  test('that make no sense are refused, with the file in question', () => {
    write('bad.yaml', `${HEAD}maxPods: many\n`);
    assert.throws(() => settings('--config', join(directory, 'bad.yaml')), {
      message: /^maxPods: "many" is not an integer$/,
    });
    write('other.yaml', 'kind: Pod\n');
    assert.throws(() => settings('--config', join(directory, 'other.yaml')), {
      message: /^failed to load kubelet config file ".*other\.yaml": no kind "Pod"/,
    });
    assert.throws(() => settings('--max-pods=-1', '--port=0'), {
      message: /^invalid configuration: maxPods .*; invalid configuration: port /,
    });
  });
});

describe('settings are validated', () => {
  const table: readonly (readonly [Partial<KubeletConfig>, readonly string[]])[] = [
    [{}, []],
    [{ nodeLeaseDurationSeconds: 0 }, ['nodeLeaseDurationSeconds must be greater than 0']],
    [
      { imageGCHighThresholdPercent: 101 },
      ['imageGCHighThresholdPercent (--image-gc-high-threshold) 101 must be between 0 and 100, inclusive'],
    ],
    [
      { imageGCLowThresholdPercent: 85 },
      [
        'imageGCLowThresholdPercent (--image-gc-low-threshold) 85 must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) 85',
      ],
    ],
    [{ imageMaximumGCAgeMs: 1 }, ['imageMaximumGCAge must be greater than imageMinimumGCAge']],
    [{ nodeStatusMaxImages: -2 }, ['nodeStatusMaxImages (--node-status-max-images) -2 must be -1 or greater']],
    [{ maxPods: -1 }, ['maxPods (--max-pods) -1 must not be a negative number']],
    [{ port: 0 }, ['port (--port) 0 must be between 1 and 65535, inclusive']],
    [
      { maxParallelImagePulls: 2 },
      [
        'maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false',
      ],
    ],
    [{ maxParallelImagePulls: 2, serializeImagePulls: false }, []],
    [
      { maxContainerRestartPeriodMs: 500 },
      ['CrashLoopBackOff.MaxContainerRestartPeriod (got: 0.5 seconds) must be set between 1s and 300s'],
    ],
    [{ containerLogMaxFiles: 1 }, ['containerLogMaxFiles must be greater than 1']],
    [{ evictionHard: { 'cpu.available': '1' } }, ['unsupported eviction signal cpu.available']],
  ];
  for (const [change, messages] of table) {
    test(JSON.stringify(change), () => {
      const found = validateKubeletConfig({ ...DEFAULT_KUBELET_CONFIG, nodeName: 'n', ...change });
      assert.deepEqual(
        found,
        messages.map((message) => `invalid configuration: ${message}`),
      );
    });
  }
});
