import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '@kts/api/types/core-v1';
import { nodeInfoOf } from '../framework/node-info.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { node, pod } from '../testing/builders.ts';
import { claim, deviceClass } from '../testing/devices.ts';
import { ClaimTracker } from './claim-tracker.ts';
import { DeviceClasses } from './device-classes.ts';
import { devicesForResources, extendedResourceClaim, isInMemory, resourcesFromDevices } from './extended-resources.ts';

const GPU = 'example.com/gpu';
const NIC = 'example.com/nic';
const classes = new DeviceClasses([
  deviceClass('gpus', { extendedResourceName: GPU }),
  deviceClass('nics', { extendedResourceName: NIC }),
]);

const wants = (amounts: Readonly<Record<string, string>>, more: Partial<Container> = {}): Container => ({
  name: Object.keys(amounts).join('+') || 'none',
  resources: { requests: amounts },
  ...more,
});

describe('DeviceClasses', () => {
  it('knows classes by the resource they name, and by their own name', () => {
    assert.equal(classes.forResource(GPU)?.metadata.name, 'gpus');
    assert.equal(classes.forResource('deviceclass.resource.kubernetes.io/nics')?.metadata.name, 'nics');
    assert.equal(classes.forResource('example.com/none'), undefined);
  });

  it('prefers the newest class, then the first by name', () => {
    const named = (name: string, creationTimestamp: string) => {
      const made = deviceClass(name, { extendedResourceName: GPU });
      return { ...made, metadata: { ...made.metadata, creationTimestamp } };
    };
    const [old, b, a] = [
      named('old', '2026-01-01T00:00:00Z'),
      named('b', '2026-01-02T00:00:00Z'),
      named('a', '2026-01-02T00:00:00Z'),
    ];
    const several = new DeviceClasses([b, old, a]);
    assert.equal(several.forResource(GPU), a);
    several.delete(a);
    assert.equal(several.forResource(GPU), b);
    several.set(named('b', '2025-01-01T00:00:00Z'));
    assert.equal(several.forResource(GPU), old);
  });
});

describe('extendedResourceClaim', () => {
  const find = (options: Parameters<typeof pod>[1], tracker = new ClaimTracker()) =>
    extendedResourceClaim(podInfoOf(pod('p', options)), tracker, classes, () => 'new-uid');

  it('is needed only for resources that devices stand for', () => {
    assert.equal(find({}), undefined);
    assert.equal(find({ requests: { 'example.com/other': '1' } }), undefined);
    assert.equal(find({ requests: { [GPU]: '0' } }), undefined);
    const made = find({ requests: { [GPU]: '1' } })!;
    assert.deepEqual(
      [isInMemory(made), made.metadata.uid, made.metadata.generateName],
      [true, 'new-uid', 'p-extended-resources-'],
    );
  });

  it('is found again', () => {
    const tracker = new ClaimTracker();
    const annotations = { 'resource.kubernetes.io/extended-resource-claim': 'true' };
    const found = claim('p-extended-resources-x', [{}], { annotations });
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-default-p', controller: true };
    tracker.observe({ ...found, metadata: { ...found.metadata, ownerReferences: [owner] } });
    assert.equal(find({ requests: { [GPU]: '1' } }, tracker)?.metadata.name, found.metadata.name);
  });
});

describe('resourcesFromDevices', () => {
  const rows: readonly (readonly [
    name: string,
    requests: Record<string, string>,
    allocatable: Record<string, string>,
    expected: readonly string[] | undefined,
  ])[] = [
    ['a node without the resource', { [GPU]: '1' }, {}, [GPU]],
    ['a node with none of it', { [GPU]: '1' }, { [GPU]: '0' }, [GPU]],
    ['a node with a device plugin', { [GPU]: '1' }, { [GPU]: '1' }, []],
    ['both ways', { [GPU]: '1', [NIC]: '1' }, { [NIC]: '1' }, [GPU]],
    ['a resource that nothing stands for', { [GPU]: '1', 'example.com/other': '1' }, {}, undefined],
    ['huge pages are no devices', { [GPU]: '1', 'hugepages-2Mi': '2Mi' }, {}, [GPU]],
  ];
  for (const [name, requests, allocatable, expected] of rows) {
    it(name, () => {
      const found = resourcesFromDevices(
        podInfoOf(pod('p', { requests })),
        nodeInfoOf(node('n', { allocatable })),
        classes,
      );
      assert.deepEqual(found, expected);
    });
  }
});

describe('devicesForResources', () => {
  const always = { restartPolicy: 'Always' as const };
  const rows: readonly (readonly [
    name: string,
    init: readonly Container[],
    containers: readonly Container[],
    requests: Readonly<Record<string, number>>,
    mappings: readonly string[],
  ])[] = [
    ['one container', [], [wants({ [GPU]: '2' })], { 'container-0-request-0': 2 }, [`${GPU} container-0-request-0`]],
    [
      'requests are numbered by name',
      [],
      [wants({ cpu: '1', [GPU]: '2' }, { name: 'c' })],
      { 'container-0-request-1': 2 },
      ['c container-0-request-1'],
    ],
    [
      'containers keep their own',
      [],
      [wants({ [GPU]: '1' }, { name: 'a' }), wants({}), wants({ [GPU]: '2' }, { name: 'b' })],
      { 'container-0-request-0': 1, 'container-2-request-0': 2 },
      ['a container-0-request-0', 'b container-2-request-0'],
    ],
    [
      'an init container uses those of later containers',
      [wants({ [GPU]: '1' }, { name: 'i' })],
      [wants({ [GPU]: '2' }, { name: 'a' })],
      { 'container-1-request-0': 2 },
      ['a container-1-request-0', 'i container-1-request-0'],
    ],
    [
      'and more if it needs more',
      [wants({ [GPU]: '3' }, { name: 'i' })],
      [wants({ [GPU]: '2' }, { name: 'a' })],
      { 'container-0-request-0': 1, 'container-1-request-0': 2 },
      ['a container-1-request-0', 'i container-1-request-0', 'i container-0-request-0'],
    ],
    [
      'init containers share what they need more',
      [wants({ [GPU]: '1' }, { name: 'i' }), wants({ [GPU]: '2' }, { name: 'j' })],
      [],
      { 'container-1-request-0': 2 },
      ['i container-1-request-0', 'j container-1-request-0'],
    ],
    [
      'a sidecar keeps its own',
      [wants({ [GPU]: '1' }, { name: 's', ...always })],
      [wants({ [GPU]: '1' }, { name: 'a' })],
      { 'container-0-request-0': 1, 'container-1-request-0': 1 },
      ['s container-0-request-0', 'a container-1-request-0'],
    ],
  ];
  for (const [name, initContainers, containers, requests, mappings] of rows) {
    it(name, () => {
      const found = devicesForResources(pod('p', { initContainers, containers }), [GPU], classes);
      assert.deepEqual(Object.fromEntries(found.requests.map((one) => [one.name, one.exactly!.count])), requests);
      assert.deepEqual(
        found.mappings.map(({ containerName, requestName }) => `${containerName} ${requestName}`),
        mappings,
      );
    });
  }
});
