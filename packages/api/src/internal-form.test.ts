import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typeFacts, internalTypeFacts } from './facts.ts';
import { internalDiff, internalForm } from './internal-form.ts';

describe('internalForm', () => {
  const rows: readonly [name: string, type: string, value: unknown, form: unknown][] = [
    [
      'shows unset fields by their Go names',
      'core.v1.Taint',
      { key: 'a', effect: 'NoSchedule' },
      { Key: 'a', Value: '', Effect: 'NoSchedule', TimeAdded: null },
    ],
    [
      'goes into lists',
      'core.v1.NodeSelectorTerm',
      { matchExpressions: [{ key: 'z', operator: 'Exists' }] },
      { MatchExpressions: [{ Key: 'z', Operator: 'Exists', Values: null }], MatchFields: null },
    ],
    [
      'flattens what is inlined',
      'core.v1.ConfigMapKeySelector',
      { name: 'c', key: 'k' },
      { Name: 'c', Key: 'k', Optional: null },
    ],
    [
      'shows metadata as it is sent',
      'core.v1.PersistentVolumeClaimTemplate',
      { metadata: { labels: { a: 'b' } } },
      {
        labels: { a: 'b' },
        Spec: {
          AccessModes: null,
          Selector: null,
          Resources: { Limits: null, Requests: null },
          VolumeName: '',
          StorageClassName: null,
          VolumeMode: null,
          DataSource: null,
          DataSourceRef: null,
          VolumeAttributesClassName: null,
        },
      },
    ],
    [
      'leaves selectors of labels alone',
      'policy.v1.PodDisruptionBudgetSpec',
      { selector: { matchLabels: { a: 'b' } }, minAvailable: 1 },
      {
        MinAvailable: 1,
        Selector: { matchLabels: { a: 'b' } },
        MaxUnavailable: null,
        UnhealthyPodEvictionPolicy: null,
      },
    ],
  ];
  for (const [name, type, value, form] of rows) it(name, () => deepEqual(internalForm(type, value), form));

  it("moves the use of the host's namespaces into the security context", () => {
    const { SecurityContext: context } = internalForm('core.v1.PodSpec', { hostNetwork: true }) as {
      SecurityContext: Record<string, unknown>;
    };
    equal(context['HostNetwork'], true);
    equal(context['HostPID'], false);
    equal(context['HostUsers'], null);
  });

  it('can print every type that it has facts about', () => {
    for (const type of Object.keys(internalTypeFacts())) {
      const form = internalForm(type, {}) as object;
      equal(Object.keys(form).length > 0 || (typeFacts()[type]!.order ?? []).length <= 1, true, type);
    }
  });
});

describe('internalDiff', () => {
  it('shows what changed, with Go names', () => {
    const old = { key: 'a', effect: 'NoSchedule' };
    equal(
      internalDiff('core.v1.Taint', old, { ...old, value: 'x' }),
      '@@ -1,6 +1,6 @@\n {\n  "Key": "a",\n- "Value": "",\n+ "Value": "x",\n  "Effect": "NoSchedule",\n  "TimeAdded": null\n }\n',
    );
  });
  it('is empty for equal values', () => equal(internalDiff('core.v1.Taint', { key: 'a' }, { key: 'a' }), ''));
});
