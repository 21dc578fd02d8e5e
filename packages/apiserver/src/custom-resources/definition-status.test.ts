import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { thingDefinition, thingVersion } from '../testing/thing-definition.ts';
import { conditionOf, planDefinitionStatus, withCondition } from './definition-status.ts';

const now = '2026-01-01T00:00:00Z';
const later = '2026-01-01T00:00:01Z';

function definition(names: object = {}, extra: object = {}): CustomResourceDefinition {
  const wanted = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList', ...names };
  return { ...thingDefinition([thingVersion({ type: 'object' })], { names: wanted }), ...extra };
}

function accepted(names: object = {}): CustomResourceDefinition {
  const crd = definition(names);
  return { ...crd, status: planDefinitionStatus(crd, [], now)! };
}

const shortOf = (crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[] = []): unknown =>
  planDefinitionStatus(crd, others, now)?.conditions?.map(({ type, status, reason, message }) =>
    [type, status, reason, message].join(' '),
  );

describe('planDefinitionStatus', () => {
  test('names that nobody has are accepted, which establishes the definition', () => {
    const crd = definition({ shortNames: ['th'], categories: ['all'] });
    assert.deepEqual(shortOf(crd), [
      'NamesAccepted True NoConflicts no conflicts found',
      'Established True InitialNamesAccepted the initial names have been accepted',
    ]);
    assert.deepEqual(planDefinitionStatus(crd, [], now)!.acceptedNames, crd.spec.names);
  });

  test('there is nothing to say twice', () => {
    assert.equal(planDefinitionStatus(accepted(), [], later), undefined);
  });

  const conflicts: readonly (readonly [names: object, others: object, why: string])[] = [
    [
      { plural: 'boxes', singular: 'box' },
      { plural: 'crates', singular: 'box', kind: 'Box', listKind: 'BoxList' },
      'SingularConflict "box" is already in use',
    ],
    [
      { shortNames: ['b', 'c'] },
      { plural: 'b', singular: 'c', kind: 'B', listKind: 'BList' },
      'ShortNamesConflict ["b" is already in use, "c" is already in use]',
    ],
    [
      { kind: 'Box' },
      { plural: 'b', singular: 'box', kind: 'Box', listKind: 'B' },
      'KindConflict "Box" is already in use',
    ],
  ];
  for (const [names, others, why] of conflicts) {
    test(`names of others are refused: ${why}`, () => {
      assert.deepEqual(shortOf(definition(names), [accepted(others)]), [
        `NamesAccepted False ${why}`,
        'Established False NotAccepted not all names are accepted',
      ]);
    });
  }

  test('a definition that is established stays so when its new names are refused', () => {
    const before = accepted();
    const renamed = { ...before, spec: { ...before.spec, names: { ...before.spec.names, shortNames: ['b'] } } };
    const other = accepted({ plural: 'b', singular: 'bb', kind: 'B', listKind: 'BList' });
    const status = planDefinitionStatus(renamed, [other], later)!;
    assert.equal(conditionOf(status, 'NamesAccepted')?.status, 'False');
    assert.equal(conditionOf(status, 'Established')?.status, 'True');
    assert.deepEqual(status.acceptedNames, before.spec.names);
  });

  test('groups of Kubernetes need an approval', () => {
    const crd = definition();
    const protectedGroup = (value?: string): CustomResourceDefinition => ({
      ...crd,
      metadata: { name: 'x', ...(value ? { annotations: { 'api-approved.kubernetes.io': value } } : {}) } as never,
      spec: { ...crd.spec, group: 'things.k8s.io' },
    });
    const policy = (value?: string): string | undefined =>
      conditionOf(planDefinitionStatus(protectedGroup(value), [], now), 'KubernetesAPIApprovalPolicyConformant')
        ?.reason;
    assert.equal(policy(), 'MissingAnnotation');
    assert.equal(policy('unapproved, experimental'), 'UnapprovedAnnotation');
    assert.equal(policy('https://github.com/kubernetes/kubernetes/pull/1'), 'ApprovedAnnotation');
    assert.equal(policy('nobody'), 'InvalidAnnotation');
  });
});

test('the time of a condition is that of its status', () => {
  const condition = { type: 'Established', status: 'True', reason: 'a', message: '' } as const;
  const first = withCondition({}, condition, now);
  const second = withCondition(first, { ...condition, reason: 'b' }, later);
  assert.deepEqual(
    [conditionOf(second, 'Established')?.reason, conditionOf(second, 'Established')?.lastTransitionTime],
    ['b', now],
  );
  const third = withCondition(second, { ...condition, status: 'False' }, later);
  assert.equal(conditionOf(third, 'Established')?.lastTransitionTime, later);
});
