import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ResourceDefinition } from '../resource-definition.ts';
import { daemonSets } from './daemonset.ts';
import { deployments } from './deployment.ts';
import { replicaSets } from './replicaset.ts';
import { statefulSets } from './statefulset.ts';

describe('warnings of names that pods cannot have', () => {
  const rows = [
    [deployments, 1],
    [replicaSets, 1],
    [daemonSets, 0],
    [statefulSets, 0],
  ] as const;
  for (const [definition, expected] of rows) {
    it(`${definition.plural}: ${expected}`, () => {
      const { behaviour } = definition as unknown as ResourceDefinition;
      const object = { metadata: { name: 'a.b' }, spec: { template: { spec: { containers: [] } } } };
      const warnings = behaviour.warnings!(object as never, undefined);
      assert.equal(warnings.filter((text) => text.startsWith('metadata.name: ')).length, expected);
    });
  }
});
