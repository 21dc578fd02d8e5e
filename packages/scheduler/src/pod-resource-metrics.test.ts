import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import { exposePodResources } from './pod-resource-metrics.ts';

function values(...pods: object[]): string[] {
  return exposePodResources(pods as Pod[])
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
}

const metadata = { namespace: 'default', name: 'a' };

describe('metrics of what pods use', () => {
  it('show limits and requests with their units', () => {
    const pod = {
      metadata,
      spec: {
        schedulerName: 'default-scheduler',
        nodeName: 'n',
        priority: 5,
        containers: [
          { name: 'c', resources: { requests: { cpu: '250m', 'example.com/x': '2' }, limits: { memory: '1Ki' } } },
          { name: 'd', resources: { requests: { cpu: '1', 'hugepages-2Mi': '4Mi' } } },
        ],
      },
    };
    const labels = 'namespace="default",pod="a",node="n",scheduler="default-scheduler",priority="5"';
    assert.deepEqual(values(pod), [
      `kube_pod_resource_limit{${labels},resource="memory",unit="bytes"} 1024`,
      `kube_pod_resource_request{${labels},resource="cpu",unit="cores"} 1.25`,
      `kube_pod_resource_request{${labels},resource="example.com/x",unit=""} 2`,
      `kube_pod_resource_request{${labels},resource="hugepages-2Mi",unit="bytes"} 4194304`,
    ]);
  });

  it('leave out amounts of nothing and pods that have ended on a node', () => {
    const spec = { containers: [{ name: 'c', resources: { requests: { cpu: '1', memory: '0' } } }] };
    const bound = { ...spec, nodeName: 'n' };
    assert.deepEqual(values({ metadata, spec: bound, status: { phase: 'Succeeded' } }), []);
    assert.deepEqual(values({ metadata, spec, status: { phase: 'Failed' } }), [
      'kube_pod_resource_request{namespace="default",pod="a",node="",scheduler="",priority="",resource="cpu",unit="cores"} 1',
    ]);
  });
});
