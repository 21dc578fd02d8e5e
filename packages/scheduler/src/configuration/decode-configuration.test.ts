import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeConfiguration } from './decode-configuration.ts';
import { defaultConfiguration } from './default-configuration.ts';

const HEAD = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

describe('decodeConfiguration', () => {
  it('reads profiles, plugins and their arguments', () => {
    const text = `${HEAD}profiles:
- schedulerName: packed
  plugins: {score: {disabled: [{name: '*'}], enabled: [{name: NodeResourcesFit, weight: 5}]}}
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}}
`;
    const { profiles } = decodeConfiguration(text);
    assert.deepEqual(profiles, [
      {
        schedulerName: 'packed',
        plugins: { score: { enabled: [{ name: 'NodeResourcesFit', weight: 5 }], disabled: [{ name: '*' }] } },
        pluginConfig: [
          {
            name: 'NodeResourcesFit',
            args: { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] } },
          },
        ],
      },
    ]);
  });

  const refusals: readonly (readonly [name: string, text: string, message: string | RegExp])[] = [
    ['no kind', 'apiVersion: v1', /^Object 'Kind' is missing in /],
    ['no version', 'kind: KubeSchedulerConfiguration', /^Object 'apiVersion' is missing in /],
    [
      'another version',
      HEAD.replace('/v1', '/v1beta3'),
      /^no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io\/v1beta3"/,
    ],
    ['an unknown field', `${HEAD}profile: []`, 'strict decoding error: unknown field "profile"'],
    ['a field twice', `${HEAD}parallelism: 1\nparallelism: 2`, /key "parallelism" already set in map/],
    [
      'an unknown argument',
      `${HEAD}profiles: [{pluginConfig: [{name: VolumeBinding, args: {timeout: 1}}]}]`,
      'strict decoding error: decoding .profiles[0].pluginConfig[0]: strict decoding error: decoding args for plugin VolumeBinding: strict decoding error: unknown field "timeout"',
    ],
    [
      'arguments of another plugin',
      `${HEAD}profiles: [{pluginConfig: [{name: VolumeBinding, args: {kind: NodeAffinityArgs}}]}]`,
      'decoding .profiles[0].pluginConfig[0]: args for plugin VolumeBinding were not of type VolumeBindingArgs.kubescheduler.config.k8s.io, got NodeAffinityArgs.kubescheduler.config.k8s.io',
    ],
    ['a value of another type', `${HEAD}parallelism: many`, /cannot unmarshal string into Go/],
  ];
  for (const [name, text, message] of refusals) {
    it(`refuses ${name}`, () =>
      assert.throws(() => decodeConfiguration(text), typeof message === 'string' ? { message } : { message }));
  }
});

describe('defaultConfiguration', () => {
  it('has one profile with the default plugins and their arguments', () => {
    const { profiles } = defaultConfiguration({});
    assert.equal(profiles.length, 1);
    const [{ schedulerName, plugins, pluginConfig }] = profiles as [(typeof profiles)[number]];
    assert.equal(schedulerName, 'default-scheduler');
    assert.deepEqual(
      plugins.multiPoint!.enabled!.map(({ name, weight }) => (weight ? `${name} ${weight}` : name)),
      [
        'SchedulingGates',
        'PrioritySort',
        'NodeUnschedulable',
        'NodeName',
        'TaintToleration 3',
        'NodeAffinity 2',
        'NodePorts',
        'NodeResourcesFit 1',
        'VolumeRestrictions',
        'NodeVolumeLimits',
        'VolumeBinding',
        'VolumeZone',
        'PodTopologySpread 2',
        'InterPodAffinity 2',
        'DynamicResources 2',
        'DefaultPreemption',
        'NodeResourcesBalancedAllocation 1',
        'ImageLocality 1',
        'DefaultBinder',
        'NodeDeclaredFeatures',
      ],
    );
    assert.deepEqual(pluginConfig.find(({ name }) => name === 'DefaultPreemption')!.args, {
      kind: 'DefaultPreemptionArgs',
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      minCandidateNodesPercentage: 10,
      minCandidateNodesAbsolute: 100,
    });
  });

  it('changes nothing when it is applied again', () => {
    const once = defaultConfiguration({
      profiles: [
        {
          plugins: {
            multiPoint: { disabled: [{ name: 'ImageLocality' }] },
            score: { enabled: [{ name: 'NodeAffinity' }] },
          },
        },
      ],
      leaderElection: { leaderElect: false },
    });
    assert.deepEqual(defaultConfiguration(once), once);
  });

  it('names only a profile that is alone', () => {
    assert.deepEqual(
      defaultConfiguration({ profiles: [{}, { schedulerName: 'b' }] }).profiles.map(
        ({ schedulerName }) => schedulerName,
      ),
      [undefined, 'b'],
    );
  });

  it('gives resources their weight', () => {
    const args = { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu' }] } };
    const { profiles } = defaultConfiguration({ profiles: [{ pluginConfig: [{ name: 'NodeResourcesFit', args }] }] });
    const found = profiles[0]!.pluginConfig.find(({ name }) => name === 'NodeResourcesFit')!.args!;
    assert.deepEqual(found['scoringStrategy'], { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] });
  });
});
