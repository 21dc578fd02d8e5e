import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '@kts/apimachinery';
import { defaultConfiguration } from './default-configuration.ts';
import type { KubeSchedulerConfiguration } from './kube-scheduler-configuration.ts';
import { validateConfiguration } from './validate-configuration.ts';

function problems(configuration: KubeSchedulerConfiguration): readonly string[] {
  return validateConfiguration(defaultConfiguration(configuration)).map(({ field, message }) => `${field}: ${message}`);
}

describe('validateConfiguration', () => {
  const cases: readonly (readonly [name: string, configuration: KubeSchedulerConfiguration, ...problems: string[]])[] =
    [
      ['nothing', {}],
      [
        'a percentage',
        { percentageOfNodesToScore: 101 },
        'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]',
      ],
      [
        'parallelism',
        { parallelism: 0 },
        'parallelism: Invalid value: 0: should be an integer value greater than zero',
      ],
      [
        'back-offs',
        { podInitialBackoffSeconds: 20 },
        'podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds',
      ],
      [
        'no back-off',
        { podInitialBackoffSeconds: 0 },
        'podInitialBackoffSeconds: Invalid value: 0: must be greater than 0',
      ],
      [
        'a lock of the past',
        { leaderElection: { resourceLock: 'endpoints' } },
        'leaderElection.resourceLock: Invalid value: "endpoints": resourceLock value must be "leases"',
      ],
      [
        'a short lease',
        { leaderElection: { leaseDuration: '10s' } },
        'leaderElection.leaseDuration: Invalid value: "10s": must be greater than `RenewDeadline`',
      ],
      ['a short lease that is not used', { leaderElection: { leaderElect: false, leaseDuration: '10s' } }],
      [
        'a negative burst',
        { clientConnection: { burst: -1 } },
        'clientConnection.burst: Invalid value: -1: must be non-negative',
      ],
      [
        'a name twice',
        { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
        'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
      ],
      [
        'profiles without a name',
        { profiles: [{ schedulerName: 'a' }, {}] },
        'profiles[1].schedulerName: Required value',
      ],
      [
        'a plugin of the past',
        { profiles: [{ plugins: { filter: { enabled: [{ name: 'EBSLimits' }] } } }] },
        'profiles[0].plugins.filter.enabled[0]: Invalid value: "EBSLimits": was invalid in version "kubescheduler.config.k8s.io/v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")',
      ],
      [
        'arguments twice',
        { profiles: [{ pluginConfig: [{ name: 'NodeAffinity' }, { name: 'NodeAffinity' }] }] },
        'profiles[0].pluginConfig[1]: Duplicate value: "NodeAffinity"',
      ],
      [
        'different queues',
        {
          profiles: [
            { schedulerName: 'a', plugins: { queueSort: { enabled: [{ name: 'X' }] } } },
            { schedulerName: 'b' },
          ],
        },
        'profiles[1].plugins.queueSort: Invalid value: {}: must be the same for all profiles',
      ],
      [
        'an extender without weight',
        { extenders: [{ urlPrefix: 'http://x', prioritizeVerb: 'p' }] },
        'extenders[0].weight: Invalid value: 0: must have a positive weight applied to it',
      ],
      [
        'two binders',
        {
          extenders: [
            { urlPrefix: 'http://x', bindVerb: 'b' },
            { urlPrefix: 'http://y', bindVerb: 'b' },
          ],
        },
        'extenders: Invalid value: "found 2 extenders implementing bind": only one extender can implement bind',
      ],
      [
        'managed resources',
        {
          extenders: [
            { urlPrefix: 'http://x', managedResources: [{ name: 'cpu' }, { name: 'a.b/c' }, { name: 'a.b/c' }] },
          ],
        },
        'extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name',
        'extenders[0].managedResources[2].name: Invalid value: "a.b/c": duplicate extender managed resource name',
      ],
    ];
  for (const [name, configuration, ...expected] of cases) {
    it(name, () => assert.deepEqual(problems(configuration), expected));
  }
});

describe('validateConfiguration of plugin arguments', () => {
  const cases: readonly (readonly [plugin: string, args: JsonObject, ...problems: string[]])[] = [
    [
      'DefaultPreemption',
      { minCandidateNodesPercentage: 101 },
      'minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]',
    ],
    [
      'DefaultPreemption',
      { minCandidateNodesAbsolute: -1 },
      'minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)',
    ],
    [
      'DefaultPreemption',
      { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 },
      'minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute',
      'minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as minCandidateNodesPercentage',
    ],
    ['DynamicResources', { filterTimeout: '0s' }],
    ['DynamicResources', { filterTimeout: '-1s' }, 'filterTimeout: Invalid value: "-1s": must be zero or positive'],
    [
      'DynamicResources',
      { bindingTimeout: '500ms' },
      'bindingTimeout: Invalid value: "500ms": must be at least 1 second',
    ],
    [
      'InterPodAffinity',
      { hardPodAffinityWeight: 101 },
      'hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]',
    ],
    [
      'NodeAffinity',
      {
        addedAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }],
          },
        },
      },
      'addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Unsupported value: "Is": supported values: "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"',
    ],
    [
      'NodeResourcesBalancedAllocation',
      { resources: [{ name: 'cpu', weight: 2 }] },
      'resources[0].weight: Invalid value: 2: must be 1',
    ],
    [
      'NodeResourcesFit',
      { ignoredResourceGroups: ['a/b'] },
      "ignoredResourceGroups[0]: Invalid value: \"a/b\": resource group name can't contain '/'",
    ],
    [
      'NodeResourcesFit',
      { scoringStrategy: { type: 'Best' } },
      'scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
    ],
    [
      'NodeResourcesFit',
      { scoringStrategy: { type: 'LeastAllocated', resources: [{ name: 'cpu', weight: 101 }] } },
      'scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]',
    ],
    [
      'NodeResourcesFit',
      { scoringStrategy: { type: 'RequestedToCapacityRatio' } },
      'scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio',
    ],
    [
      'NodeResourcesFit',
      {
        scoringStrategy: {
          type: 'RequestedToCapacityRatio',
          requestedToCapacityRatio: {
            shape: [
              { utilization: 50, score: 11 },
              { utilization: 50, score: 1 },
            ],
          },
        },
      },
      'scoringStrategy.requestedToCapacityRatio.shape[1].utilization: Invalid value: 50: values must be sorted in increasing order',
      'scoringStrategy.requestedToCapacityRatio.shape[0].score: Invalid value: 11: not in valid range [0, 10]',
    ],
    [
      'PodTopologySpread',
      { defaultingType: 'None' },
      'defaultingType: Unsupported value: "None": supported values: "System", "List"',
    ],
    [
      'PodTopologySpread',
      { defaultConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' }] },
      'defaultingType: Invalid value: "System": when .defaultConstraints are not empty',
    ],
    [
      'PodTopologySpread',
      {
        defaultingType: 'List',
        defaultConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'Never', labelSelector: {} }],
      },
      'defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)',
      'defaultConstraints[0].topologyKey: Required value: can not be empty',
      'defaultConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
      'defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod',
    ],
    [
      'VolumeBinding',
      { bindTimeoutSeconds: -1 },
      'bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value',
    ],
  ];
  for (const [name, args, ...expected] of cases) {
    it(`${name} ${JSON.stringify(args)}`, () => {
      const found = problems({ profiles: [{ pluginConfig: [{ name, args }] }] });
      assert.deepEqual(
        found,
        expected.map((problem) => `profiles[0].pluginConfig[0].args.${problem}`),
      );
    });
  }
});
