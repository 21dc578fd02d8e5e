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
    [['--kube-api-qps=50', '--profiling=false', '--feature-gates=A=true'], {}],
    [
      ['--concurrent-deployment-syncs=9', '--concurrent_rc_syncs=2'],
      { workers: { 'deployment-controller': 9, 'replicationcontroller-controller': 2 } },
    ],
    [['--node-cidr-mask-size=26'], { nodeCIDRMaskSizeIPv4: 26, nodeCIDRMaskSizeIPv6: 26 }],
    [
      ['--controllers=*,-deployment,-service-lb-controller'],
      { controllers: ['*', '-deployment', '-service-lb-controller'] },
    ],
    [['--horizontal-pod-autoscaler-tolerance=0.2'], { horizontalPodAutoscalerTolerance: 0.2 }],
    [['--disable-force-detach-on-timeout'], { disableForceDetachOnTimeout: true }],
    [['--endpoint-updates-batch-period=1s'], { endpointUpdatesBatchPeriodMs: 1000 }],
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
    [['--concurrent-job-syncs=0'], /must be greater than 0/],
    [['--tls-cert-file=c'], /belong together/],
    [
      ['cluster-signing', 'cluster-signing-kubelet-serving'].flatMap((part) => [
        `--${part}-cert-file=c`,
        `--${part}-key-file=k`,
      ]),
      /default and per controller certs/,
    ],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(' ')}`, () => assert.throws(() => parseCommandLine(args), message));
  }

  it('elects a leader unless told otherwise', () => {
    assert.deepEqual(parseCommandLine([]).leaderElection, {
      leaseName: 'kube-controller-manager',
      leaseNamespace: 'kube-system',
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
    });
    assert.equal(parseCommandLine(['--leader-elect-retry-period=1s']).leaderElection?.retryPeriodMs, 1000);
    assert.equal(parseCommandLine(['--leader-elect=false']).leaderElection, undefined);
  });

  it('serves on its port unless that is 0', () => {
    const { port, address, alwaysAllowPaths } = parseCommandLine(['--bind-address=127.0.0.1']).serving!;
    assert.deepEqual([port, address, alwaysAllowPaths], [10257, '127.0.0.1', ['/healthz', '/readyz', '/livez']]);
    assert.equal(parseCommandLine(['--secure-port=0']).serving, undefined);
  });

  it('takes files of single signers', () => {
    const part = '--cluster-signing-kubelet-client';
    const { signers } = parseCommandLine([`${part}-cert-file=c`, `${part}-key-file=k`]);
    assert.deepEqual(signers, { 'kubernetes.io/kube-apiserver-client-kubelet': { certificate: 'c', key: 'k' } });
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
