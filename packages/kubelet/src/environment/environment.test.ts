import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConfigMap, Container, EnvVar, Secret, Service, ServiceSpec } from '@kts/api/types/core-v1';
import { aContainer, aPod } from '../testing/pods.ts';
import { containerEnvironment } from './container-environment.ts';
import { fieldValue, goQuote } from './field-reference.ts';
import { resourceFieldValue } from './resource-reference.ts';
import { serviceEnvironment } from './service-environment.ts';

const pod = aPod(
  { nodeName: 'node-1', serviceAccountName: 'robot' },
  { labels: { b: '2', a: 'say "hi"' }, annotations: { note: 'line\nbreak' } },
);
const named = (name: string, data: Readonly<Record<string, string>>) => ({ metadata: { ...pod.metadata, name }, data });
const objects = {
  configMap: async (name: string): Promise<ConfigMap | undefined> =>
    name === 'settings' ? named('settings', { colour: 'red', '1.odd key': 'x' }) : undefined,
  secret: async (name: string): Promise<Secret | undefined> =>
    name === 'keys' ? named('keys', { word: btoa('hidden') }) : undefined,
};
const environment = async (more: Partial<Container>): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    await containerEnvironment({
      pod,
      container: aContainer('c', more),
      podIPs: ['10.0.0.1', 'fd00::1'],
      hostIPs: ['192.0.2.1'],
      allocatable: { cpu: '4', memory: '8Gi' },
      serviceVariables: new Map([['WEB_PORT', '80']]),
      objects,
      fileVariable: async (_volume, _path, key) => (key === 'known' ? 'read' : undefined),
    }),
  );
const from = (name: string, valueFrom: NonNullable<EnvVar['valueFrom']>): EnvVar => ({ name, valueFrom });

describe('the environment of a container', () => {
  const table: readonly (readonly [string, Partial<Container>, Readonly<Record<string, string>>])[] = [
    ['has the Services', {}, { WEB_PORT: '80' }],
    [
      'has what is written down',
      { env: [{ name: 'A', value: 'a' }, { name: 'B' }] },
      { A: 'a', B: '', WEB_PORT: '80' },
    ],
    ['wins over the Services', { env: [{ name: 'WEB_PORT', value: 'x' }] }, { WEB_PORT: 'x' }],
    [
      'refers to what came before, and to Services',
      {
        env: [
          { name: 'A', value: 'a' },
          { name: 'B', value: '$(A)$(WEB_PORT)$(NONE)$$(A)' },
        ],
      },
      { A: 'a', B: 'a80$(NONE)$(A)', WEB_PORT: '80' },
    ],
    [
      'has all of a config map and of a secret',
      { envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }] },
      { P_colour: 'red', 'P_1.odd key': 'x', word: 'hidden', WEB_PORT: '80' },
    ],
    [
      'has one key of each',
      {
        env: [
          from('C', { configMapKeyRef: { name: 'settings', key: 'colour' } }),
          from('S', { secretKeyRef: { name: 'keys', key: 'word' } }),
          from('F', { fileKeyRef: { volumeName: 'v', path: 'p', key: 'known' } }),
        ],
      },
      { C: 'red', S: 'hidden', F: 'read', WEB_PORT: '80' },
    ],
    [
      'leaves out what need not be there',
      {
        envFrom: [{ configMapRef: { name: 'none', optional: true } }],
        env: [
          from('C', { configMapKeyRef: { name: 'settings', key: 'none', optional: true } }),
          from('S', { secretKeyRef: { name: 'none', key: 'word', optional: true } }),
        ],
      },
      { WEB_PORT: '80' },
    ],
  ];
  for (const [name, more, expected] of table)
    test(name, async () => assert.deepEqual(await environment(more), expected));

  const refused: readonly (readonly [Partial<Container>, string])[] = [
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [from('A', { configMapKeyRef: { name: 'settings', key: 'none' } })] },
      "couldn't find key none in ConfigMap default/settings",
    ],
    [
      { env: [from('A', { secretKeyRef: { name: 'keys', key: 'none' } })] },
      "couldn't find key none in Secret default/keys",
    ],
    [
      { env: [from('A', { fileKeyRef: { volumeName: 'v', path: 'p', key: 'none' } })] },
      'environment variable key "none" not found in file "p"',
    ],
  ];
  for (const [more, message] of refused) {
    test(`refused: ${message}`, () => assert.rejects(environment(more), { name: 'ContainerConfigError', message }));
  }
});

describe('fields of a pod', () => {
  const table: readonly (readonly [string, string])[] = [
    ['metadata.name', 'p'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['b']", '2'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'line\nbreak'],
    ['metadata.labels', 'a="say \\"hi\\""\nb="2"'],
    ['metadata.annotations', 'note="line\\nbreak"'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '192.0.2.1'],
    ['status.podIP', '10.0.0.1'],
    ['status.podIPs', '10.0.0.1,fd00::1'],
  ];
  const context = { pod, podIPs: ['10.0.0.1', 'fd00::1'], hostIPs: ['192.0.2.1'] };
  for (const [path, expected] of table) test(path, () => assert.equal(fieldValue(path, context), expected));

  test('others are not offered', () => {
    assert.throws(() => fieldValue('spec.containers', context), { message: 'unsupported fieldPath: spec.containers' });
  });

  test('are quoted as Go does', () => {
    assert.equal(goQuote('é\t\u0001\u200b😀'), '"é\\t\\x01\\u200b😀"');
  });
});

describe('resources of a container', () => {
  const container = aContainer('c', {
    resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { memory: '1500Ki' } },
  });
  const own = aPod({ containers: [container] });
  const table: readonly (readonly [string, string | undefined, string])[] = [
    ['requests.cpu', undefined, '1'],
    ['requests.cpu', '1m', '250'],
    ['requests.memory', '1Mi', '64'],
    ['limits.memory', '1Mi', '2'],
    ['limits.memory', undefined, '1536000'],
    ['limits.cpu', undefined, '4'],
    ['requests.ephemeral-storage', undefined, '0'],
  ];
  for (const [resource, divisor, expected] of table) {
    test(`${resource} in ${divisor ?? 'whole units'}: ${expected}`, () => {
      const selector = { resource, ...(divisor === undefined ? {} : { divisor }) };
      assert.equal(resourceFieldValue(selector, own, container, { cpu: '4', memory: '8Gi' }), expected);
    });
  }

  test('of no such container, or of no such kind', () => {
    const ask = (selector: { resource: string; containerName?: string }) => () =>
      resourceFieldValue(selector, own, undefined, {});
    assert.throws(ask({ resource: 'limits.cpu', containerName: 'x' }), { message: 'container x not found' });
    assert.throws(ask({ resource: 'limits.gpu', containerName: 'c' }), {
      message: 'Unsupported container resource : limits.gpu',
    });
  });
});

describe('Services in the environment', () => {
  const service = (name: string, spec: Partial<ServiceSpec>, namespace = 'default'): Service => ({
    metadata: { ...pod.metadata, name, namespace },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }], ...spec },
  });
  const variables = (services: readonly Service[], links = true, namespace = 'default') =>
    Object.fromEntries(serviceEnvironment(services, namespace, links));

  test('are told by address and port, the first port also without its name', () => {
    const ports = [
      { name: 'http-alt', port: 8765, protocol: 'TCP' as const },
      { port: 53, protocol: 'UDP' as const },
    ];
    assert.deepEqual(variables([service('foo-service', { ports })]), {
      FOO_SERVICE_SERVICE_HOST: '10.96.0.7',
      FOO_SERVICE_SERVICE_PORT: '8765',
      FOO_SERVICE_SERVICE_PORT_HTTP_ALT: '8765',
      FOO_SERVICE_PORT: 'tcp://10.96.0.7:8765',
      FOO_SERVICE_PORT_8765_TCP: 'tcp://10.96.0.7:8765',
      FOO_SERVICE_PORT_8765_TCP_PROTO: 'tcp',
      FOO_SERVICE_PORT_8765_TCP_PORT: '8765',
      FOO_SERVICE_PORT_8765_TCP_ADDR: '10.96.0.7',
      FOO_SERVICE_PORT_53_UDP: 'udp://10.96.0.7:53',
      FOO_SERVICE_PORT_53_UDP_PROTO: 'udp',
      FOO_SERVICE_PORT_53_UDP_PORT: '53',
      FOO_SERVICE_PORT_53_UDP_ADDR: '10.96.0.7',
    });
  });

  const hosts: readonly (readonly [string, Service, boolean, string, boolean])[] = [
    ['of another namespace are not', service('a', {}, 'other'), true, 'default', false],
    ['without an address are not', service('a', { clusterIP: 'None' }), true, 'default', false],
    ['of another name are not', service('a', { type: 'ExternalName' }), true, 'default', false],
    ['are not, if the pod does not want them', service('a', {}), false, 'default', false],
    ['always have the API server', service('kubernetes', {}), false, 'other', true],
  ];
  for (const [name, one, links, namespace, expected] of hosts) {
    test(name, () => assert.equal(Object.keys(variables([one], links, namespace)).length > 0, expected));
  }
});
