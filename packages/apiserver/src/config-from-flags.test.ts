import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { parseApiServerFlags } from './command-line.ts';
import { configFromFlags } from './config-from-flags.ts';

const configOf = (args: string) => configFromFlags(parseApiServerFlags(args.split(' ').filter(Boolean)));

describe('flags about who may do what', () => {
  const rows: readonly [args: string, modes: readonly string[] | undefined, anonymous: boolean][] = [
    ['', undefined, true],
    ['--authorization-mode=RBAC,Node', ['RBAC', 'Node'], true],
    ['--authorization-mode=RBAC --anonymous-auth=false', ['RBAC'], false],
    ['--authorization-mode=RBAC,AlwaysAllow', ['RBAC', 'AlwaysAllow'], false],
  ];
  for (const [args, modes, anonymous] of rows) {
    it(args || 'none', () => {
      const config = configOf(args);
      assert.deepEqual([config.authorizationModes, config.anonymous], [modes, anonymous]);
    });
  }

  it('refuse modes that there are not', () => {
    assert.throws(() => configOf('--authorization-mode=rbac'), /authorization-mode "rbac" is not a valid mode/);
  });
});

describe('flags that name files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kts-flags-'));
  after(() => rmSync(folder, { recursive: true }));
  const pem = (label: string, text: string): string => `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('take every certificate and key of a file', () => {
    const authorities = file('ca', `# one\n${pem('CERTIFICATE', 'a')}# two\n${pem('CERTIFICATE', 'b')}`);
    const signing = file('signing', pem('RSA PRIVATE KEY', 'c'));
    const checking = file('checking', pem('PUBLIC KEY', 'd') + pem('EC PRIVATE KEY', 'e'));
    const { clientAuthorities, serviceAccountKeys } = configOf(
      `--client-ca-file=${authorities} --service-account-signing-key-file=${signing} ` +
        `--service-account-key-file=${signing} --service-account-key-file=${checking}`,
    );
    assert.deepEqual(clientAuthorities, [pem('CERTIFICATE', 'a'), pem('CERTIFICATE', 'b')]);
    assert.deepEqual(serviceAccountKeys, {
      signing: pem('RSA PRIVATE KEY', 'c'),
      verification: [pem('RSA PRIVATE KEY', 'c'), pem('PUBLIC KEY', 'd'), pem('EC PRIVATE KEY', 'e')],
    });
  });

  it('refuse files without any', () => {
    const empty = file('empty', 'nothing');
    assert.throws(() => configOf(`--client-ca-file=${empty}`), /holds no certificates$/);
    assert.throws(() => configOf(`--service-account-key-file=${empty}`), /holds no keys$/);
  });
});
