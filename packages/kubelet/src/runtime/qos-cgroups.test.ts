import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import { FakeCgroups } from '../testing/fake-host.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';
import { aContainer, aPod } from '../testing/pods.ts';
import { planQosCgroups, QosCgroups, type QosCgroupsInput } from './qos-cgroups.ts';

const burstable = (cpu: string): Pod => aPod({ containers: [aContainer('c', { resources: { requests: { cpu } } })] });
const guaranteed = (cpu: string): Pod => {
  const amounts = { cpu, memory: '1Gi' };
  return aPod({ containers: [aContainer('c', { resources: { requests: amounts, limits: amounts } })] });
};
const input = (change: Partial<QosCgroupsInput> = {}): QosCgroupsInput => ({
  root: '/kubepods',
  pods: [],
  capacity: { cpu: '4', memory: '8Gi' },
  reserved: [],
  ...change,
});

describe('cgroups by quality of service', () => {
  const shares: readonly (readonly [string, readonly Pod[], number])[] = [
    ['no pods', [], 2],
    ['best-effort pods', [aPod(), aPod()], 2],
    ['guaranteed pods', [guaranteed('1')], 2],
    ['burstable pods', [burstable('500m'), burstable('1')], 1536],
    ['all kinds', [burstable('250m'), aPod(), guaranteed('2')], 256],
  ];
  for (const [name, pods, expected] of shares) {
    test(`${name}: burstable ones weigh ${expected}`, () => {
      const plan = planQosCgroups(input({ pods }));
      assert.deepEqual(plan.get('/kubepods/burstable'), { cpuShares: expected });
      assert.deepEqual(plan.get('/kubepods/besteffort'), { cpuShares: 2 });
    });
  }

  test('all pods together leave to the system what is reserved for it', () => {
    const reserved = [{ cpu: '500m', memory: '1Gi' }, { memory: '1Gi' }];
    assert.deepEqual(planQosCgroups(input({ reserved })).get('/kubepods'), {
      cpuShares: 3584,
      memoryLimit: 6 * 1024 ** 3,
    });
  });

  test('are written when they change', async () => {
    const cgroups = new FakeCgroups(2, false);
    let pods: readonly Pod[] = [];
    const kept = new QosCgroups(cgroups, () => input({ pods }));
    await kept.update();
    assert.deepEqual([...cgroups.groups.keys()], ['/kubepods', '/kubepods/burstable', '/kubepods/besteffort']);
    cgroups.groups.clear();
    pods = [burstable('1')];
    await kept.update();
    await kept.update();
    assert.deepEqual([...cgroups.groups], [['/kubepods/burstable', { cpuShares: 1024 }]]);
  });

  test('follow the pods of a node, each of which may have so many processes', async () => {
    await using fixture = await KubeletFixture.start({ podPidsLimit: 64 });
    const { uid } = (
      await fixture.createPod('web', {
        containers: [{ name: 'c', image: 'example.com/app:1', resources: { requests: { cpu: '250m' } } }],
      })
    ).metadata;
    await fixture.clock.advance(3000);
    const { groups } = fixture.host.cgroups;
    assert.equal(groups.get('/kubepods/burstable')?.cpuShares, 256);
    assert.deepEqual(groups.get(`/kubepods/burstable/pod${uid}`), { cpuShares: 256, pidsLimit: 64 });
    await fixture.deletePod('web');
    await fixture.clock.advance(70_000);
    assert.equal(groups.get('/kubepods/burstable')?.cpuShares, 2);
  });
});
