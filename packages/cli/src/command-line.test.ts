import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  commandHelp,
  completionScript,
  parseArguments,
  programHelp,
  UsageError,
  type CommandDefinition,
} from './command-line.ts';

const up: CommandDefinition = {
  name: 'up',
  summary: 'Starts a cluster.',
  flags: [
    { name: 'detach', kind: 'boolean', help: 'returns when ready' },
    { name: 'nodes', kind: 'number', help: 'real nodes', minimum: 0, defaultText: '1' },
    { name: 'name', kind: 'string', help: 'the name', placeholder: 'NAME' },
    { name: 'store', kind: 'string', help: 'the store', choices: ['sqlite', 'memory'] },
    { name: 'kube-apiserver-arg', kind: 'list', help: 'a flag', placeholder: 'FLAG=VALUE' },
  ],
  run: () => Promise.resolve(0),
};

describe('parseArguments', () => {
  it('reads every kind of flag in both forms', () => {
    const { flags } = parseArguments(up, [
      '--detach',
      '--nodes=3',
      '--name',
      'blue',
      '--kube-apiserver-arg=v=2',
      '--kube-apiserver-arg',
      'audit-log-path=-',
    ]);
    assert.equal(flags.boolean('detach'), true);
    assert.equal(flags.number('nodes'), 3);
    assert.equal(flags.string('name'), 'blue');
    assert.deepEqual(flags.list('kube-apiserver-arg'), ['v=2', 'audit-log-path=-']);
    assert.equal(flags.string('store'), undefined);
  });

  const refused: [readonly string[], RegExp][] = [
    [['--node=3'], /unknown flag --node; did you mean --nodes\?/],
    [['--frobnicate'], /unknown flag --frobnicate \(see kts up --help\)/],
    [['--nodes'], /--nodes needs a value/],
    [['--nodes=many'], /--nodes is a whole number of at least 0, not "many"/],
    [['--nodes=-1'], /--nodes is a whole number/],
    [['--nodes='], /--nodes is a whole number/],
    [['--store=etcd'], /--store is one of sqlite, memory, not "etcd"/],
    [['--detach=maybe'], /--detach is true or false/],
    [['now'], /kts up takes no arguments, but was given "now"/],
  ];
  for (const [argv, message] of refused) {
    it(`refuses ${argv.join(' ')}`, () =>
      assert.throws(() => parseArguments(up, argv), { name: UsageError.name, message }));
  }
});

describe('help and completion', () => {
  it('help names every flag with its default and choices', () => {
    const help = commandHelp(up);
    for (const flag of up.flags) assert.match(help, new RegExp(`--${flag.name}`));
    assert.match(help, /real nodes \[1\]/);
    assert.match(help, /\(sqlite\|memory\)/);
    assert.match(programHelp([up]), /up\s+Starts a cluster\./);
  });

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it(`${shell} completion knows commands and flags`, () => {
      const script = completionScript(shell, [up]);
      assert.match(script, /detach/);
      assert.match(script, /\bup\b/);
    });
  }
});
