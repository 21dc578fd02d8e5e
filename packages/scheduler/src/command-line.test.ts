import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSchedulerFlags, type SchedulerFlags } from './command-line.ts';

describe('parseSchedulerFlags', () => {
  const none: SchedulerFlags = { verbosity: 0, help: false };
  const cases: readonly (readonly [args: string, flags: SchedulerFlags])[] = [
    ['', none],
    ['--kubeconfig a --config=b', { ...none, kubeconfig: 'a', config: 'b' }],
    ['--leader-elect', { ...none, leaderElect: true }],
    ['--leader-elect=true', { ...none, leaderElect: true }],
    ['--leader-elect=false', { ...none, leaderElect: false }],
    ['-v 3', { ...none, verbosity: 3 }],
    ['-v=3', { ...none, verbosity: 3 }],
    ['--v=3', { ...none, verbosity: 3 }],
    ['-h', { ...none, help: true }],
  ];
  for (const [args, flags] of cases) {
    it(args || 'nothing', () => assert.deepEqual(parseSchedulerFlags(args === '' ? [] : args.split(' ')), flags));
  }

  it('refuses what it does not know', () => {
    assert.throws(() => parseSchedulerFlags(['--port=1']), /--port/);
    assert.throws(() => parseSchedulerFlags(['-v', 'x']), /invalid argument/);
  });
});
