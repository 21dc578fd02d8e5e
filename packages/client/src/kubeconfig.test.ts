import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  accessOf,
  EMPTY_KUBECONFIG,
  formatKubeconfigFile,
  mergeKubeconfigs,
  parseKubeconfig,
  removeContext,
} from './kubeconfig.ts';

const TEXT = `
apiVersion: v1
kind: Config
preferences: {colors: true}
current-context: work
clusters:
- name: one
  cluster: {server: "https://192.0.2.1:6443", certificate-authority-data: Y2E=}
- name: two
  cluster: {server: "https://two.example", certificate-authority: /ca.pem}
users:
- name: me
  user: {client-certificate-data: Y2VydA==, client-key: key.pem}
- name: robot
  user: {tokenFile: /token}
- name: plugin
  user: {exec: {command: login}}
contexts:
- name: work
  context: {cluster: one, user: me, namespace: team}
- name: play
  context: {cluster: two, user: robot}
- name: broken
  context: {cluster: gone, user: me}
- name: plugged
  context: {cluster: one, user: plugin}
`;
const files: Record<string, string> = { '/ca.pem': 'ca two', 'key.pem': 'key', '/token': 'secret\n' };
const readFile = (path: string): Uint8Array => Buffer.from(files[path]!);
const config = parseKubeconfig(TEXT, 'test');

describe('accessOf', () => {
  it('the current context, with data inline and from files', () => {
    const access = accessOf(config, readFile);
    assert.equal(access.server, 'https://192.0.2.1:6443');
    assert.equal(access.namespace, 'team');
    assert.equal(Buffer.from(access.authority!).toString(), 'ca');
    assert.equal(Buffer.from(access.certificate!).toString(), 'cert');
    assert.equal(Buffer.from(access.key!).toString(), 'key');
  });

  it('another context, with a token file', () => {
    const access = accessOf(config, readFile, 'play');
    assert.equal(access.token, 'secret');
    assert.equal(access.namespace, 'default');
  });

  const refused: [string, RegExp][] = [
    ['none', /no context "none"/],
    ['broken', /no cluster "gone"/],
    ['plugged', /credential plugins/],
  ];
  for (const [name, message] of refused) {
    it(`context ${name} is refused`, () =>
      assert.throws(() => accessOf(config, readFile, name), { name: 'KubeconfigError', message }));
  }
});

describe('parse, merge and format', () => {
  it('a file survives being read and written', () => {
    assert.deepEqual(parseKubeconfig(formatKubeconfigFile(config), 'again'), {
      ...config,
      rest: { apiVersion: 'v1', kind: 'Config', preferences: { colors: true } },
    });
  });

  it('merging replaces what has the same name and keeps the rest', () => {
    const added = {
      ...EMPTY_KUBECONFIG,
      clusters: [{ name: 'one', cluster: { server: 'https://new' } }],
      currentContext: 'play',
    };
    const merged = mergeKubeconfigs(config, added);
    assert.equal(merged.clusters.find((each) => each.name === 'one')?.cluster.server, 'https://new');
    assert.equal(merged.clusters.length, 2);
    assert.equal(merged.users.length, 3);
    assert.equal(merged.currentContext, 'play');
  });

  it('removing a context takes only what nobody else refers to', () => {
    const rest = removeContext(config, 'work');
    assert.deepEqual(
      rest.clusters.map((each) => each.name),
      ['one', 'two'],
    );
    assert.deepEqual(
      rest.users.map((each) => each.name),
      ['me', 'robot', 'plugin'],
    );
    assert.deepEqual(
      removeContext(config, 'play').users.map((each) => each.name),
      ['me', 'plugin'],
    );
    assert.equal(rest.currentContext, '');
  });

  const bad: [string, RegExp][] = [
    ['[1, 2]', /not a kubeconfig/],
    ['clusters: {a: 1}', /clusters is not a list of named clusters/],
    ['users: [{user: {}}]', /users is not a list of named users/],
    ['{', /^test: /],
  ];
  for (const [text, message] of bad) {
    it(`refuses ${text}`, () =>
      assert.throws(() => parseKubeconfig(text, 'test'), { name: 'KubeconfigError', message }));
  }

  it('an empty file is an empty kubeconfig', () => {
    assert.deepEqual(parseKubeconfig('', 'test'), EMPTY_KUBECONFIG);
  });
});
