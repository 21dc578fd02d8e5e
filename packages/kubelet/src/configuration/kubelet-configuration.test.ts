import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '@kts/apimachinery';
import { DEFAULT_KUBELET_CONFIG } from '../config.ts';
import {
  configurationObject,
  configurationSettings,
  parseConfiguration,
  withAbsolutePaths,
} from './kubelet-configuration.ts';

const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

describe('a KubeletConfiguration', () => {
  test('may be YAML or JSON', () => {
    const object = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: 5 };
    assert.deepEqual(parseConfiguration(`${HEAD}maxPods: 5\n`), { object, warnings: [] });
    assert.deepEqual(parseConfiguration(JSON.stringify(object)), { object, warnings: [] });
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', ' \n', /^it is empty$/],
    ['a list', '- a\n', /^it is not an object$/],
    ['another kind', 'apiVersion: v1\nkind: Pod\n', /^no kind "Pod" is registered for version "v1"$/],
    ['no kind', 'maxPods: 1\n', /^no kind "" is registered for version ""$/],
  ];
  for (const [name, text, message] of refused) {
    test(`refused: ${name}`, () => assert.throws(() => parseConfiguration(text), { message }));
  }

  test('says which fields it does not know', () => {
    const text = `${HEAD}maxpods: 1\nauthentication: {x509: {clientCA: a}, anonymous: {enabled: false}}\n`;
    assert.deepEqual(parseConfiguration(text).warnings, [
      'unknown field "maxpods"',
      'unknown field "authentication.x509.clientCA"',
    ]);
    const twice = `{"apiVersion":"kubelet.config.k8s.io/v1beta1","kind":"KubeletConfiguration","port":1,"port":2}`;
    assert.deepEqual(parseConfiguration(twice).warnings, ['duplicate field "port"']);
  });

  const set: readonly (readonly [string, JsonObject, object])[] = [
    ['a number', { maxPods: 5 }, { maxPods: 5 }],
    ['a duration', { syncFrequency: '1m30s' }, { syncFrequencyMs: 90_000 }],
    ['a quantity', { containerLogMaxSize: '1Mi' }, { containerLogMaxSizeBytes: 1_048_576 }],
    ['a list', { clusterDNS: ['10.0.0.10'] }, { clusterDNS: ['10.0.0.10'] }],
    ['a map', { kubeReserved: { cpu: '1' } }, { kubeReserved: { cpu: '1' } }],
    [
      'a field of a field',
      { crashLoopBackOff: { maxContainerRestartPeriod: '30s' } },
      { maxContainerRestartPeriodMs: 30_000 },
    ],
    [
      'a taint',
      { registerWithTaints: [{ key: 'a', effect: 'NoSchedule' }] },
      { registerWithTaints: [{ key: 'a', effect: 'NoSchedule' }] },
    ],
    ['null is nothing', { maxPods: null }, {}],
    ['what makes no difference', { cgroupDriver: 'systemd', failSwapOn: false }, {}],
    [
      'evictions: instead of the defaults',
      { evictionHard: { 'pid.available': '5%' } },
      { evictionHard: { 'pid.available': '5%' } },
    ],
    [
      'evictions: beside the defaults',
      { evictionHard: { 'pid.available': '5%', 'nodefs.available': '0%' }, mergeDefaultEvictionSettings: true },
      { evictionHard: { ...DEFAULT_KUBELET_CONFIG.evictionHard, 'pid.available': '5%', 'nodefs.available': '0%' } },
    ],
    [
      'reports as often as updates, unless told otherwise',
      { nodeStatusUpdateFrequency: '20s' },
      { nodeStatusUpdateFrequencyMs: 20_000, nodeStatusReportFrequencyMs: 20_000 },
    ],
  ];
  for (const [name, object, config] of set) {
    test(`sets ${name}`, () => assert.deepEqual(configurationSettings(object).config, config));
  }

  test('sets what belongs to the program', () => {
    const object = {
      authentication: { x509: { clientCAFile: '/ca' } },
      tlsCertFile: '/cert',
      tlsPrivateKeyFile: '/key',
      containerRuntimeEndpoint: 'unix:///run/c.sock',
    };
    assert.deepEqual(configurationSettings(object), {
      config: {},
      program: {
        clientCAFile: '/ca',
        tlsCertFile: '/cert',
        tlsPrivateKeyFile: '/key',
        containerRuntimeEndpoint: 'unix:///run/c.sock',
      },
    });
  });

  const wrong: readonly (readonly [JsonObject, RegExp])[] = [
    [{ maxPods: '5' }, /^maxPods: "5" is not an integer$/],
    [{ maxPods: 1.5 }, /^maxPods: 1\.5 is not an integer$/],
    [{ syncFrequency: 60 }, /^syncFrequency: 60 is not a duration such as "1m30s"$/],
    [{ syncFrequency: '1x' }, /^syncFrequency: time: unknown unit "x" in duration "1x"$/],
    [{ containerLogMaxSize: 'big' }, /^containerLogMaxSize: quantities must match/],
    [{ clusterDNS: '10.0.0.10' }, /^clusterDNS: "10\.0\.0\.10" is not a list of strings$/],
    [{ kubeReserved: { cpu: 1 } }, /^kubeReserved: \{"cpu":1\} is not a map of strings$/],
    [{ registerNode: 'yes' }, /^registerNode: "yes" is not a boolean$/],
    [{ registerWithTaints: [{ key: 'a' }] }, /is not a list of taints$/],
    [{ authentication: [] }, /^authentication: \[\] is not a map$/],
  ];
  for (const [object, message] of wrong) {
    test(`refused: ${JSON.stringify(object)}`, () => assert.throws(() => configurationSettings(object), { message }));
  }

  test('has paths from the folder of its file', () => {
    const object = {
      staticPodPath: 'manifests',
      tlsCertFile: '/a',
      authentication: { x509: { clientCAFile: 'ca' } },
      resolvConf: '',
    };
    assert.deepEqual(withAbsolutePaths(object, '/etc/kubernetes'), {
      staticPodPath: '/etc/kubernetes/manifests',
      tlsCertFile: '/a',
      authentication: { x509: { clientCAFile: '/etc/kubernetes/ca' } },
      resolvConf: '',
    });
  });

  test('that is shown sets the same again', () => {
    const config = { ...DEFAULT_KUBELET_CONFIG, nodeName: 'n', syncFrequencyMs: 3_723_500 };
    const shown = configurationObject(config);
    assert.equal(shown['syncFrequency'], '1h2m3.5s');
    assert.deepEqual(shown['crashLoopBackOff'], { maxContainerRestartPeriod: '5m0s' });
    const { nodeName: _, rootDirectory: _root, nodeLabels: _labels, ...rest } = config;
    assert.deepEqual(configurationSettings(shown).config, rest);
  });
});
