import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  profilesOf,
  validateConfiguration,
  type KubeSchedulerConfiguration,
  type ProfileConfiguration,
} from './configuration.ts';
import type { ExtensionPoint } from './framework/profile.ts';

describe('validateConfiguration', () => {
  const cases: readonly (readonly [
    name: string,
    configuration: KubeSchedulerConfiguration,
    fields: readonly string[],
  ])[] = [
    ['nothing', {}, []],
    ['another version', { apiVersion: 'kubescheduler.config.k8s.io/v2' }, ['apiVersion']],
    ['a percentage', { percentageOfNodesToScore: 101 }, ['percentageOfNodesToScore']],
    ['back-offs', { podInitialBackoffSeconds: 20 }, ['podMaxBackoffSeconds']],
    ['a name twice', { profiles: [{}, { schedulerName: 'default-scheduler' }] }, ['profiles[1].schedulerName']],
    [
      'an unknown plugin',
      { profiles: [{ plugins: { score: { enabled: [{ name: 'X' }] } } }] },
      ['profiles[0].plugins.score.enabled[0]'],
    ],
  ];
  for (const [name, configuration, fields] of cases) {
    it(name, () =>
      assert.deepEqual(
        validateConfiguration(configuration).map(({ field }) => field),
        fields,
      ),
    );
  }
});

describe('profilesOf', () => {
  const pluginsAt = (
    plugins: NonNullable<ProfileConfiguration['plugins']>,
    point: ExtensionPoint,
  ): readonly string[] => {
    const profile = profilesOf({ profiles: [{ plugins }] }).get('default-scheduler')!;
    return profile.at[point].map(({ plugin, weight }) =>
      point === 'score' ? `${plugin.name} ${weight}` : plugin.name,
    );
  };

  it('scores by default as upstream does', () => {
    assert.deepEqual(pluginsAt({}, 'score'), [
      'TaintToleration 3',
      'NodeAffinity 2',
      'NodeResourcesFit 1',
      'PodTopologySpread 2',
      'InterPodAffinity 2',
      'DynamicResources 2',
      'NodeResourcesBalancedAllocation 1',
      'ImageLocality 1',
    ]);
  });

  it('switches all plugins of a point off and one on again, with its own weight', () => {
    const score = { disabled: [{ name: '*' }], enabled: [{ name: 'ImageLocality', weight: 7 }] };
    assert.deepEqual(pluginsAt({ score }, 'score'), ['ImageLocality 7']);
  });

  it('switches a plugin off everywhere', () => {
    const multiPoint = { disabled: [{ name: 'NodeResourcesFit' }] };
    assert.ok(!pluginsAt({ multiPoint }, 'filter').includes('NodeResourcesFit'));
    assert.ok(!pluginsAt({ multiPoint }, 'score').includes('NodeResourcesFit 1'));
  });
});
