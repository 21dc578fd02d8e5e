import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aContainer, aPod } from '../testing/pods.ts';
import { shouldContainerRestart } from './restart-policy.ts';

describe('a container runs again', () => {
  for (const [policy, exitCode, expected] of [
    ['Always', 0, true],
    ['OnFailure', 0, false],
    ['OnFailure', 1, true],
    ['Never', 1, false],
  ] as const) {
    test(`${policy} after exit code ${exitCode}: ${expected}`, () => {
      const { spec } = aPod({ restartPolicy: policy });
      assert.equal(shouldContainerRestart(spec.containers[0]!, spec, exitCode), expected);
    });
  }

  test('its own policy comes before the pod’s', () => {
    const { spec } = aPod({ restartPolicy: 'Never' });
    assert.equal(shouldContainerRestart(aContainer('c', { restartPolicy: 'Always' }), spec, 0), true);
  });

  test('its rules come before its own policy', () => {
    const container = aContainer('c', {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    });
    const { spec } = aPod({ restartPolicy: 'Always' });
    assert.equal(shouldContainerRestart(container, spec, 42), true);
    assert.equal(shouldContainerRestart(container, spec, 1), false);
  });
});
