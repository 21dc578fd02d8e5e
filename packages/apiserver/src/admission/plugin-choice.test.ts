import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isChosen, validatePluginChoice } from './plugin-choice.ts';

describe('the choice of admission plugins', () => {
  const rows: readonly [enabled: string[], disabled: string[], problems: string[]][] = [
    [[], [], []],
    [['NodeRestriction', 'AlwaysPullImages'], ['PodSecurity'], []],
    [['Nonsense'], [], ['enable-admission-plugins plugin "Nonsense" is unknown']],
    [[], ['toString'], ['disable-admission-plugins plugin "toString" is unknown']],
    [['ImagePolicyWebhook'], [], ['enable-admission-plugins plugin "ImagePolicyWebhook" is not supported']],
    [[], ['ImagePolicyWebhook'], []],
    [
      ['Priority', 'AlwaysDeny'],
      ['Priority', 'AlwaysDeny'],
      ['[AlwaysDeny Priority] in enable-admission-plugins and disable-admission-plugins overlapped'],
    ],
  ];
  for (const [enabled, disabled, problems] of rows) {
    it(`+[${enabled.join()}] -[${disabled.join()}]: ${problems.length === 0 ? 'fine' : problems.join()}`, () => {
      assert.deepEqual(validatePluginChoice({ enabled, disabled }), problems);
    });
  }

  const chosen: readonly [name: string, enabled: string[], disabled: string[], expected: boolean][] = [
    ['Priority', [], [], true],
    ['Priority', [], ['Priority'], false],
    ['NodeRestriction', [], [], false],
    ['NodeRestriction', ['NodeRestriction'], [], true],
    ['SomethingOfTheCluster', [], [], true],
  ];
  for (const [name, enabled, disabled, expected] of chosen) {
    it(`${name} with +[${enabled.join()}] -[${disabled.join()}] ${expected ? 'runs' : 'does not run'}`, () => {
      assert.equal(isChosen(name, { enabled, disabled }), expected);
    });
  }
});
