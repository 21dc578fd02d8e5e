import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { measuredAdmission } from './admission-metrics.ts';
import type { AdmissionAttributes, AdmissionChain } from './admission.ts';

test('steps are measured, refusals apart', async () => {
  const clock = new FakeClock();
  const admission: AdmissionChain = {
    admit: async () => {
      await clock.advance(30);
    },
    validate: () => Promise.reject(new Error('no')),
  };
  const { chain, metrics } = measuredAdmission(admission, clock);
  const attributes = { operation: 'CREATE' } as AdmissionAttributes;
  await chain.admit(attributes);
  await assert.rejects(chain.validate(attributes), { message: 'no' });
  const text = metrics.map((metric) => metric.expose()).join('');
  const name = 'apiserver_admission_step_admission_duration_seconds';
  assert.ok(text.includes(`${name}_sum{type="admit",operation="CREATE",rejected="false"} 0.03\n`));
  assert.ok(text.includes(`${name}_count{type="validate",operation="CREATE",rejected="true"} 1\n`));
});
