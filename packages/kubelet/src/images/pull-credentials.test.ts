import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Secret } from '@kts/api/types/core-v1';
import { aPod } from '../testing/pods.ts';
import { pullCredentials } from './pull-credentials.ts';

const secret = (auths: Readonly<Record<string, object>>, more: Partial<Secret> = {}): Secret => ({
  metadata: { ...aPod().metadata, name: 'pull' },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
  ...more,
});
const users = (repository: string, ...secrets: readonly Secret[]): readonly string[] =>
  pullCredentials(secrets, repository).map(({ username, password }) => `${username}:${password}`);
const auth = (username: string) => ({ auth: btoa(`${username}:p:w`) });

describe('credentials to pull with', () => {
  const table: readonly (readonly [string, string, Readonly<Record<string, object>>, readonly string[]])[] = [
    ['of the registry', 'example.com/app', { 'example.com': auth('a') }, ['a:p:w']],
    ['of another registry', 'example.org/app', { 'example.com': auth('a') }, []],
    ['with a scheme and a version', 'example.com/app', { 'https://example.com/v2/': auth('a') }, ['a:p:w']],
    ['of the public registry', 'docker.io/library/app', { 'https://index.docker.io/v1/': auth('a') }, ['a:p:w']],
    ['in plain text', 'example.com/app', { 'example.com': { username: 'a', password: 'b' } }, ['a:b']],
    [
      'the most specific first',
      'example.com/team/app',
      { 'example.com': auth('a'), 'example.com/team': auth('b') },
      ['b:p:w', 'a:p:w'],
    ],
    ['of another path', 'example.com/other/app', { 'example.com/team': auth('b') }, []],
    ['for all of a domain', 'eu.example.com/app', { '*.example.com': auth('a') }, ['a:p:w']],
    ['not for what is below it', 'a.eu.example.com/app', { '*.example.com': auth('a') }, []],
    ['of a port', 'example.com:5000/app', { 'example.com:5000': auth('a'), 'example.com': auth('b') }, ['a:p:w']],
    ['that are none', 'example.com/app', { 'example.com': {} }, []],
  ];
  for (const [name, repository, auths, expected] of table) {
    test(name, () => assert.deepEqual(users(repository, secret(auths)), expected));
  }

  test('of older secrets, too', () => {
    const data = { '.dockercfg': btoa(JSON.stringify({ 'example.com': auth('old') })) };
    assert.deepEqual(users('example.com/app', secret({}, { type: 'kubernetes.io/dockercfg', data })), ['old:p:w']);
  });

  test('not of secrets that make no sense', () => {
    const broken = secret({}, { data: { '.dockerconfigjson': btoa('{') } });
    const other = secret({ 'example.com': auth('a') }, { type: 'Opaque' });
    assert.deepEqual(users('example.com/app', broken, other), []);
  });

  test('are known again in another secret', () => {
    const [one, other] = pullCredentials(
      [secret({ 'example.com': auth('a') }), secret({ 'example.com': auth('a') })],
      'example.com/x',
    );
    assert.equal(one?.hash, other?.hash);
  });
});
