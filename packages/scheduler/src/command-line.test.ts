import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSchedulerFlags, type SchedulerFlags } from './command-line.ts';

describe('parseSchedulerFlags', () => {
  const none: SchedulerFlags = {
    leaderElection: {},
    bindAddress: '0.0.0.0',
    securePort: 10_259,
    alwaysAllowPaths: ['/healthz', '/readyz', '/livez'],
    verbosity: 0,
    help: false,
  };
  const cases: readonly (readonly [args: string, flags: SchedulerFlags])[] = [
    ['', none],
    ['--kubeconfig a --config=b', { ...none, kubeconfig: 'a', config: 'b' }],
    ['--leader-elect', { ...none, leaderElection: { leaderElect: true } }],
    ['--leader-elect=true', { ...none, leaderElection: { leaderElect: true } }],
    ['--leader-elect=false', { ...none, leaderElection: { leaderElect: false } }],
    [
      '--leader-elect-lease-duration=60s --leader-elect-resource-name own',
      { ...none, leaderElection: { leaseDuration: '1m0s', resourceName: 'own' } },
    ],
    ['--secure-port 0 --bind-address=127.0.0.1', { ...none, securePort: 0, bindAddress: '127.0.0.1' }],
    ['--pod-max-in-unschedulable-pods-duration=1m', { ...none, podMaxInUnschedulablePodsMs: 60_000 }],
    ['--authorization-always-allow-paths=/metrics,/livez', { ...none, alwaysAllowPaths: ['/metrics', '/livez'] }],
    ['--write-config-to x', { ...none, writeConfigTo: 'x' }],
    ['--feature-gates=A=true --profiling=false --profiling --authentication-kubeconfig x', none],
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
    assert.throws(() => parseSchedulerFlags(['--leader-elect-retry-period', '3']), /invalid argument "3" for/);
  });
});
