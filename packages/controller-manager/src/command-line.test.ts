import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseCommandLine, usage } from './command-line.ts';
import type { ControllerManagerConfig } from './controller-manager-config.ts';
import { CONTROLLERS, enabledControllers, type ControllerEntry } from './controllers.ts';

describe('parseCommandLine', () => {
  const rows: [args: readonly string[], config: Partial<ControllerManagerConfig>][] = [
    [[], {}],
    [['--controllers=*,-namespace-controller'], { controllers: ['*', '-namespace-controller'] }],
    [['--node-monitor-period=1s'], { nodeMonitorPeriodMs: 1000 }],
    [['--node-monitor-grace-period', '1m30s'], { nodeMonitorGracePeriodMs: 90_000 }],
    [['--cluster-cidr=10.0.0.0/16,fd00::/64'], { clusterCIDRs: ['10.0.0.0/16', 'fd00::/64'] }],
    [['--allocate-node-cidrs', '--max-endpoints-per-slice=5'], { allocateNodeCIDRs: true, maxEndpointsPerSlice: 5 }],
    [['--concurrent-deployment-syncs=9', '--kube-api-qps=50', '--profiling=false'], {}],
  ];
  for (const [args, config] of rows) {
    it(`takes ${args.join(' ') || 'nothing'}`, () => assert.deepEqual(parseCommandLine(args).config, config));
  }

  const mistakes: [args: readonly string[], message: RegExp][] = [
    [['--no-such-flag'], /unknown flag: --no-such-flag/],
    [['--controllers=deployments'], /unknown controllers: deployments/],
    [['--node-monitor-period=soon'], /invalid value "soon" of --node-monitor-period/],
    [['--node-monitor-period=-1s'], /must not be negative/],
    [['--leader-elect=maybe'], /neither true nor false/],
    [['stray'], /unexpected argument stray/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(' ')}`, () => assert.throws(() => parseCommandLine(args), message));
  }

  it('elects a leader unless told otherwise', () => {
    assert.equal(parseCommandLine([]).leaderElect, true);
    assert.equal(parseCommandLine(['--leader-elect=false']).leaderElect, false);
  });
});

describe('usage', () => {
  it('names every controller', () => {
    for (const { name } of CONTROLLERS) assert.ok(usage().includes(`\n  ${name}\n`), name);
  });
});

describe('enabledControllers', () => {
  const entries: readonly ControllerEntry[] = [
    { name: 'a', eventSource: 'a', make: () => [] },
    { name: 'b', eventSource: 'b', make: () => [] },
    { name: 'c', eventSource: 'c', offByDefault: true, make: () => [] },
  ];
  const rows: [selection: readonly string[], names: readonly string[]][] = [
    [['*'], ['a', 'b']],
    [['*', '-a'], ['b']],
    [
      ['*', 'c'],
      ['a', 'b', 'c'],
    ],
    [['b'], ['b']],
    [['-a'], []],
    [['a', '-a'], ['a']],
  ];
  for (const [selection, names] of rows) {
    it(`of ${selection.join(',')} are ${names.join(',') || 'none'}`, () =>
      assert.deepEqual(
        enabledControllers(selection, entries).map(({ name }) => name),
        names,
      ));
  }
});
