import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { APIService } from '@kts/api/types/apiregistration-v1';
import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import type { DiscoveredGroup } from '../discovery/discovery-documents.ts';
import { aggregatedRemoteResources } from './aggregated-resources.ts';
import { conditionsWith, failedDiscovery, PASSED, serviceProblem } from './availability-condition.ts';
import { remoteApiOf } from './remote-api.ts';
import { RemoteApis } from './remote-apis.ts';
import { withRemoteGroups } from './remote-discovery.ts';
import { remoteUserHeaders, remoteUserOf } from './remote-user.ts';

function apiService(name: string, extra: object = {}, available = true): APIService {
  const [version = '', ...group] = name.split('.');
  return {
    metadata: { name },
    spec: {
      group: group.join('.'),
      version,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      service: { namespace: 'system', name: 'metrics' },
      ...extra,
    },
    status: { conditions: [{ type: 'Available', status: available ? 'True' : 'False' }] },
  } as unknown as APIService;
}

const METRICS = 'v1beta1.metrics.k8s.io';

describe('the user of a request, in headers', () => {
  it('are escaped where headers could not have them', () => {
    const user = {
      name: 'jane',
      uid: '7',
      groups: ['a', 'b'],
      extra: { 'Example.com/Foo bar': ['x', 'y'], grün: ['z'] },
    };
    assert.deepEqual(remoteUserHeaders(user), {
      'x-remote-user': 'jane',
      'x-remote-uid': '7',
      'x-remote-group': ['a', 'b'],
      'x-remote-extra-%45xample.com%2F%46oo%20bar': ['x', 'y'],
      'x-remote-extra-gr%C3%BCn': ['z'],
    });
  });

  it('come out as they went in', () => {
    const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });
    const key = fc.string({ minLength: 1 }).filter((text) => text.isWellFormed() && text !== '__proto__');
    const extra = fc.dictionary(key, texts, { maxKeys: 3, minKeys: 1, noNullPrototype: true });
    const user = fc.record({ name: fc.string({ minLength: 1 }), groups: texts, extra });
    fc.assert(
      fc.property(user, (sent) => {
        // Header names lose their case on the way.
        const headers = Object.entries(remoteUserHeaders(sent)).map(
          ([name, value]) => [name.toLowerCase(), value] as const,
        );
        const byName = new Map(headers);
        const valuesOf = (name: string): readonly string[] => [byName.get(name) ?? []].flat();
        const received = remoteUserOf([...byName.keys()], valuesOf);
        assert.deepEqual({ ...received, extra: { ...received?.extra } }, { ...sent, extra: { ...sent.extra } });
      }),
    );
  });

  it('name nobody if there is no name', () => {
    assert.equal(
      remoteUserOf(['x-remote-group'], (name) => (name === 'x-remote-group' ? ['a'] : [])),
      undefined,
    );
  });
});

describe('availability', () => {
  const api = remoteApiOf(apiService(METRICS))!;
  const service = (ports: object[], type = 'ClusterIP'): Service => ({ spec: { type, ports } }) as unknown as Service;
  const slice = (ready: boolean | undefined, name?: string): EndpointSlice =>
    ({ endpoints: [{ conditions: { ready } }], ports: [{ name, port: 8443 }] }) as unknown as EndpointSlice;
  const rows: readonly [name: string, Service | undefined, EndpointSlice[], reason: string | undefined][] = [
    ['no service', undefined, [], 'ServiceNotFound'],
    ['no port', service([{ port: 80 }]), [], 'ServicePortError'],
    ['no slice', service([{ port: 443 }]), [], 'EndpointsNotFound'],
    ['nobody ready', service([{ port: 443 }]), [slice(false)], 'MissingEndpoints'],
    ['another port', service([{ port: 443, name: 'https' }]), [slice(true, 'http')], 'MissingEndpoints'],
    ['somebody ready', service([{ port: 443, name: 'https' }]), [slice(true, 'https')], undefined],
    ['ready unless said otherwise', service([{ port: 443 }]), [slice(undefined)], undefined],
    ['a name elsewhere', service([], 'ExternalName'), [], undefined],
  ];
  for (const [name, found, slices, reason] of rows) {
    it(`${name}: ${reason ?? 'to be asked'}`, () => assert.equal(serviceProblem(api, found, slices)?.reason, reason));
  }

  it('says where it looked', () => {
    assert.equal(serviceProblem(api, undefined, [])?.message, 'service/metrics in "system" is not present');
    assert.equal(
      serviceProblem(api, service([{ port: 443 }]), [slice(false)])?.message,
      'endpointslices for service/metrics in "system" have no addresses with port name ""',
    );
  });

  it('is written when it has changed, and keeps its time while the status is the same', () => {
    const [first] = conditionsWith({}, failedDiscovery('no'), 0)!;
    assert.equal(first?.lastTransitionTime, '1970-01-01T00:00:00Z');
    const before = { status: { conditions: [first!] } };
    assert.equal(conditionsWith(before, failedDiscovery('no'), 5000), undefined);
    const [second] = conditionsWith(before, failedDiscovery('still no'), 5000)!;
    assert.deepEqual([second?.message, second?.lastTransitionTime], ['still no', '1970-01-01T00:00:00Z']);
    const [third] = conditionsWith(before, PASSED, 5000)!;
    assert.deepEqual(
      [third?.status, third?.reason, third?.lastTransitionTime],
      ['True', 'Passed', '1970-01-01T00:00:05Z'],
    );
  });
});

describe('remote group versions', () => {
  it('are found by path', () => {
    const apis = new RemoteApis();
    assert.equal(apis.ofPath('/apis/metrics.k8s.io/v1beta1'), undefined);
    apis.set(METRICS, apiService(METRICS));
    const rows: readonly [path: string, name: string | undefined][] = [
      ['/apis/metrics.k8s.io/v1beta1', METRICS],
      ['/apis/metrics.k8s.io/v1beta1/nodes/a', METRICS],
      ['/apis/metrics.k8s.io', undefined],
      ['/apis/metrics.k8s.io/v1', undefined],
      ['/api/v1/pods', undefined],
      ['/metrics', undefined],
    ];
    for (const [path, name] of rows) assert.equal(apis.ofPath(path)?.name, name, path);
    apis.set(METRICS, undefined);
    assert.ok(apis.isEmpty);
  });

  it('are not those that this server answers for', () => {
    const apis = new RemoteApis();
    apis.set('v1.apps', apiService('v1.apps', { service: undefined }));
    assert.ok(apis.isEmpty);
    assert.equal(apis.generation, 0);
  });

  it('tell of changes that can be discovered', () => {
    const apis = new RemoteApis();
    const changed: string[] = [];
    const stop = apis.onChange((name) => changed.push(name));
    apis.set(METRICS, apiService(METRICS));
    const generation = apis.generation;
    apis.setDiscovery(apis.get(METRICS)!, { resources: [], current: true });
    apis.setDiscovery(apis.get(METRICS)!, { resources: [], current: true });
    assert.equal(apis.generation, generation + 1);
    stop();
    apis.set(METRICS, undefined);
    assert.deepEqual(changed, [METRICS]);
  });

  const local: readonly DiscoveredGroup[] = ['', 'apiregistration.k8s.io', 'apps', 'batch', 'example.com'].map(
    (name) => ({
      name,
      versions: [{ version: 'v1', resources: [] }],
    }),
  );
  const placed = (...services: APIService[]): string[] => {
    const apis = new RemoteApis();
    for (const service of services) apis.set(service.metadata.name, service);
    return withRemoteGroups(local, apis).map(
      ({ name, versions }) => `${name}/${versions.map((one) => one.version).join()}`,
    );
  };
  const LOCAL = ['/v1', 'apiregistration.k8s.io/v1', 'apps/v1', 'batch/v1', 'example.com/v1'];
  const rows: readonly [name: string, services: APIService[], expected: string[]][] = [
    ['none', [], LOCAL],
    ['the least comes last', [apiService(METRICS)], [...LOCAL, 'metrics.k8s.io/v1beta1']],
    [
      'the first comes behind the server itself',
      [apiService('v1.first', { groupPriorityMinimum: 20_000 })],
      ['first/v1', ...LOCAL],
    ],
    [
      'between built-in and custom groups',
      [apiService('v1.middle', { groupPriorityMinimum: 2000 })],
      [...LOCAL.slice(0, 4), 'middle/v1', 'example.com/v1'],
    ],
    [
      'versions by their own priority',
      [apiService('v1.a', { versionPriority: 10 }), apiService('v2alpha1.a', { versionPriority: 20 })],
      [...LOCAL, 'a/v2alpha1,v1'],
    ],
    [
      'a version beside those of this server',
      [apiService('v2.example.com', { versionPriority: 10 })],
      [...LOCAL.slice(0, 4), 'example.com/v1,v2'],
    ],
  ];
  for (const [name, services, expected] of rows) {
    it(`have their place in discovery: ${name}`, () => assert.deepEqual(placed(...services), expected));
  }

  it('have their resources with what is below them', () => {
    const resources = [
      {
        name: 'nodes',
        singularName: 'node',
        namespaced: false,
        kind: 'NodeMetrics',
        verbs: ['get'],
        shortNames: ['nm'],
      },
      { name: 'nodes/status', namespaced: false, kind: 'Status', group: '', version: 'v1', verbs: ['patch'] },
    ];
    assert.deepEqual(aggregatedRemoteResources({ group: 'metrics.k8s.io', version: 'v1beta1' }, resources), [
      {
        resource: 'nodes',
        responseKind: { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'NodeMetrics' },
        scope: 'Cluster',
        singularResource: 'node',
        verbs: ['get'],
        shortNames: ['nm'],
        subresources: [
          { subresource: 'status', responseKind: { group: '', version: 'v1', kind: 'Status' }, verbs: ['patch'] },
        ],
      },
    ]);
  });
});
