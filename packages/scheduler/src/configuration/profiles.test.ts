import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExtensionPoint } from '../framework/profile.ts';
import type { ProfileConfiguration } from './kube-scheduler-configuration.ts';
import { profilesOf } from './profiles.ts';

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

  it('gives plugins of a point their place and their weight there', () => {
    const filter = { enabled: [{ name: 'NodePorts' }, { name: 'NodeName' }] };
    const score = { enabled: [{ name: 'TaintToleration', weight: 9 }] };
    assert.deepEqual(pluginsAt({ filter }, 'filter').slice(0, 3), ['NodePorts', 'NodeName', 'NodeUnschedulable']);
    assert.equal(pluginsAt({ score }, 'score')[0], 'TaintToleration 9');
    assert.equal(
      pluginsAt({ multiPoint: { enabled: [{ name: 'NodeAffinity', weight: 8 }] } }, 'score')[1],
      'NodeAffinity 8',
    );
  });

  it('has a profile for each scheduler name', () => {
    const profiles = profilesOf({
      profiles: [{ schedulerName: 'a' }, { schedulerName: 'b', percentageOfNodesToScore: 7 }],
    });
    assert.deepEqual([...profiles.keys()], ['a', 'b']);
    assert.equal(profiles.get('b')!.percentageOfNodesToScore, 7);
  });

  const refusals: readonly (readonly [name: string, plugins: ProfileConfiguration['plugins'], message: RegExp])[] = [
    ['an unknown plugin', { score: { enabled: [{ name: 'X' }] } }, /ScorePlugin "X" does not exist/],
    [
      'a plugin at a wrong point',
      { score: { enabled: [{ name: 'NodeName' }] } },
      /"NodeName" does not extend ScorePlugin/,
    ],
    [
      'a plugin twice',
      { filter: { enabled: [{ name: 'NodeName' }, { name: 'NodeName' }] } },
      /already registered as "FilterPlugin"/,
    ],
    ['no order', { queueSort: { disabled: [{ name: '*' }] } }, /no queue sort plugin is enabled/],
    ['nothing that binds', { bind: { disabled: [{ name: 'DefaultBinder' }] } }, /at least one bind plugin is needed/],
  ];
  for (const [name, plugins, message] of refusals) {
    it(`refuses ${name}`, () => assert.throws(() => profilesOf({ profiles: [{ plugins: plugins! }] }), message));
  }
});
