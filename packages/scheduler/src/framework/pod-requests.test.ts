import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, PodSpec, PodStatus } from '@kts/api/types/core-v1';
import { pod } from '../testing/index.ts';
import { ASSUMED_REQUESTS, podInfoOf } from './pod-info.ts';
import { computePodRequests } from './pod-requests.ts';

const MIB = 1024 * 1024;
const asks = (name: string, cpu: string, more: Partial<Container> = {}): Container => ({
  name,
  resources: { requests: { cpu } },
  ...more,
});
const sidecar = (name: string, cpu: string): Container => asks(name, cpu, { restartPolicy: 'Always' });
const status = (name: string, granted: string, inForce: string) => ({
  name,
  image: '',
  imageID: '',
  ready: true,
  restartCount: 0,
  allocatedResources: { cpu: granted },
  resources: { requests: { cpu: inForce } },
});
const resizing = (reason: string, ...containerStatuses: ReturnType<typeof status>[]): PodStatus => ({
  conditions: [{ type: 'PodResizePending', status: 'True', reason }],
  containerStatuses,
});

describe('computePodRequests', () => {
  const rows: readonly (readonly [
    name: string,
    spec: Partial<PodSpec>,
    milliCpu: number | undefined,
    status?: PodStatus,
  ])[] = [
    ['nothing', { containers: [{ name: 'c' }] }, undefined],
    ['the sum of all containers', { containers: [asks('a', '1'), asks('b', '500m')] }, 1500],
    ['an init container that needs more', { initContainers: [asks('i', '3')], containers: [asks('a', '1')] }, 3000],
    [
      'init containers one after the other',
      { initContainers: [asks('i', '1'), asks('j', '2')], containers: [asks('a', '1')] },
      2000,
    ],
    ['a sidecar beside the containers', { initContainers: [sidecar('s', '1')], containers: [asks('a', '1')] }, 2000],
    [
      'an init container beside an earlier sidecar',
      { initContainers: [sidecar('s', '1'), asks('i', '3')], containers: [asks('a', '1')] },
      4000,
    ],
    [
      'an init container before a sidecar',
      { initContainers: [asks('i', '3'), sidecar('s', '1')], containers: [asks('a', '1')] },
      3000,
    ],
    ['overhead', { overhead: { cpu: '250m' }, containers: [asks('a', '1')] }, 1250],
    ['the pod level instead', { resources: { requests: { cpu: '3' } }, containers: [asks('a', '1')] }, 3000],
    [
      'the pod level with overhead',
      { resources: { requests: { cpu: '3' } }, overhead: { cpu: '1' }, containers: [asks('a', '9')] },
      4000,
    ],
    [
      'the larger size during a resize',
      { containers: [asks('a', '1')] },
      2000,
      resizing('Deferred', status('a', '2', '2')),
    ],
    [
      'the wanted size if it is larger',
      { containers: [asks('a', '3')] },
      3000,
      resizing('Deferred', status('a', '2', '1')),
    ],
    [
      'not a size that cannot be had',
      { containers: [asks('a', '9')] },
      2000,
      resizing('Infeasible', status('a', '2', '1')),
    ],
  ];
  for (const [name, spec, milliCpu, podStatus] of rows) {
    it(name, () =>
      assert.equal(
        computePodRequests(pod('p', { ...spec, ...(podStatus && { status: podStatus }) })).get('cpu'),
        milliCpu,
      ),
    );
  }
});

describe('podInfoOf', () => {
  it('assumes what containers do not request, for scores only', () => {
    const { requests, nonZeroRequests, scoredRequests } = podInfoOf(
      pod('p', { containers: [asks('a', '1'), { name: 'b' }] }),
    );
    assert.deepEqual([requests.milliCpu, requests.memory], [1000, 0]);
    assert.deepEqual(nonZeroRequests, { milliCpu: 1100, memory: 400 * MIB });
    assert.equal(scoredRequests.get('cpu'), 1000 + ASSUMED_REQUESTS.get('cpu')!);
  });

  it('remembers what it found', () => {
    const one = pod('p');
    assert.equal(podInfoOf(one), podInfoOf(one));
  });
});
