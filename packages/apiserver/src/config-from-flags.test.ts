import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

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
