import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodAffinityTerm, TopologySpreadConstraint } from '@kts/api/types/core-v1';
import { cluster, node, pod, scores, verdicts, type NodeOptions, type PodOptions } from '../testing/index.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { podTopologySpread } from './pod-topology-spread.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const web = { labels: { app: 'web' } };
const selector = { matchLabels: { app: 'web' } };

const inZone = (name: string, zone: string, options: NodeOptions = {}) =>
  node(name, { ...options, labels: { [ZONE]: zone, ...options.labels } });
const nodes = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b')];
const on = (name: string, where: string, options: PodOptions = web) => pod(name, { ...options, nodeName: where });

describe('PodTopologySpread filter', () => {
  const MISMATCH = "node(s) didn't match pod topology spread constraints";
  const MISSING = `${MISMATCH} (missing required label)`;
  const constraint = (options: Partial<TopologySpreadConstraint> = {}): PodOptions => ({
    ...web,
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, ...options },
    ],
  });
  const cases: readonly (readonly [string, PodOptions, readonly string[], Record<string, string>])[] = [
    ['nothing runs yet', constraint(), [], { a1: 'fits', a2: 'fits', b1: 'fits' }],
    ['one zone is ahead', constraint(), ['a1'], { a1: MISMATCH, a2: MISMATCH, b1: 'fits' }],
    ['more skew is allowed', constraint({ maxSkew: 2 }), ['a1'], { a1: 'fits', a2: 'fits', b1: 'fits' }],
    ['over nodes', constraint({ topologyKey: HOST }), ['a1', 'b1'], { a1: MISMATCH, a2: 'fits', b1: MISMATCH }],
    ['too few domains', constraint({ minDomains: 3 }), ['a1', 'b1'], { a1: MISMATCH, a2: MISMATCH, b1: MISMATCH }],
    ['a label no node has', constraint({ topologyKey: 'rack' }), [], { a1: MISSING, a2: MISSING, b1: MISSING }],
    [
      'pods it does not select',
      constraint({ labelSelector: { matchLabels: { app: 'db' } } }),
      ['a1', 'a1'],
      { a1: 'fits', a2: 'fits', b1: 'fits' },
    ],
    [
      'pods of another revision',
      { ...constraint({ matchLabelKeys: ['rev'] }), labels: { app: 'web', rev: '2' } },
      ['a1', 'a1'],
      { a1: 'fits', a2: 'fits', b1: 'fits' },
    ],
  ];
  for (const [name, wanted, where, expected] of cases) {
    it(name, () => {
      const snapshot = cluster({ nodes, pods: where.map((place, index) => on(`e${index}`, place)) });
      assert.deepEqual(verdicts(podTopologySpread(), pod('p', wanted), snapshot), expected);
    });
  }

  it('does not count domains that the pod cannot reach', () => {
    const tainted = inZone('b1', 'b', { taints: [{ key: 'x', effect: 'NoSchedule' }] });
    const snapshot = cluster({ nodes: [inZone('a1', 'a'), tainted], pods: [on('e', 'a1')] });
    const honors = constraint({ nodeTaintsPolicy: 'Honor' });
    assert.deepEqual(verdicts(podTopologySpread(), pod('p', honors), snapshot), { a1: 'fits', b1: 'fits' });
    assert.deepEqual(verdicts(podTopologySpread(), pod('p', constraint()), snapshot), { a1: MISMATCH, b1: 'fits' });
  });

  it('does not count pods that are going away', () => {
    const leaving = on('e', 'a1', { ...web, deletionTimestamp: '2026-01-01T00:00:00Z' });
    const snapshot = cluster({ nodes, pods: [leaving] });
    assert.deepEqual(verdicts(podTopologySpread(), pod('p', constraint()), snapshot), {
      a1: 'fits',
      a2: 'fits',
      b1: 'fits',
    });
  });
});

describe('PodTopologySpread score', () => {
  it('spreads the pods of a service over zones and nodes by default', () => {
    const service = {
      metadata: { name: 's', namespace: 'default', uid: 's', resourceVersion: '1', creationTimestamp: '' },
      spec: { selector: { app: 'web' } },
    };
    const snapshot = cluster({ nodes, pods: [on('e1', 'a1'), on('e2', 'a2')], objects: { services: [service] } });
    const result = scores(podTopologySpread(), pod('p', web), snapshot);
    assert.equal(result['b1'], 100);
    assert.ok(result['a1']! < 100);
  });
});

describe('InterPodAffinity filter', () => {
  const AFFINITY = "node(s) didn't match pod affinity rules";
  const ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules";
  const EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules";
  const term = (options: Partial<PodAffinityTerm> = {}) => [{ labelSelector: selector, topologyKey: ZONE, ...options }];
  const near = (options?: Partial<PodAffinityTerm>): PodOptions => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(options) } },
  });
  const away = (options?: Partial<PodAffinityTerm>): PodOptions => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(options) } },
  });
  const all = (verdict: string) => ({ a1: verdict, a2: verdict, b1: verdict });
  const cases: readonly (readonly [string, PodOptions, PodOptions, Record<string, string>])[] = [
    ['near, in the zone', near(), web, { a1: 'fits', a2: 'fits', b1: AFFINITY }],
    ['near, on the node', near({ topologyKey: HOST }), web, { a1: 'fits', a2: AFFINITY, b1: AFFINITY }],
    ['near something that is not there', near(), {}, all(AFFINITY)],
    ['near itself, as the first one', { ...near(), ...web }, {}, all('fits')],
    ['near, in another namespace', near({ namespaces: ['other'] }), web, all(AFFINITY)],
    [
      'near, in all namespaces',
      near({ namespaceSelector: {} }),
      { ...web, namespace: 'other' },
      { a1: 'fits', a2: 'fits', b1: AFFINITY },
    ],
    ['away, from the zone', away(), web, { a1: ANTI_AFFINITY, a2: ANTI_AFFINITY, b1: 'fits' }],
    ['away, from the node', away({ topologyKey: HOST }), web, { a1: ANTI_AFFINITY, a2: 'fits', b1: 'fits' }],
    ['not wanted in the zone', web, away(), { a1: EXISTING, a2: EXISTING, b1: 'fits' }],
    ['not meant by others', {}, away(), all('fits')],
  ];
  for (const [name, wanted, running, expected] of cases) {
    it(name, () => {
      const snapshot = cluster({ nodes, pods: [on('e', 'a1', running)] });
      assert.deepEqual(verdicts(interPodAffinity(), pod('p', wanted), snapshot), expected);
    });
  }
});

describe('InterPodAffinity score', () => {
  const preferred = [{ weight: 10, podAffinityTerm: { labelSelector: selector, topologyKey: ZONE } }];
  const likes: PodOptions = {
    affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
  };
  const dislikes: PodOptions = {
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
  };
  const cases: readonly (readonly [string, PodOptions, PodOptions, Record<string, number>])[] = [
    ['prefers the zone of a pod', likes, web, { a1: 100, a2: 100, b1: 0 }],
    ['avoids the zone of a pod', dislikes, web, { a1: 0, a2: 0, b1: 100 }],
    ['is preferred by a pod', web, likes, { a1: 100, a2: 100, b1: 0 }],
    ['is avoided by a pod', web, dislikes, { a1: 0, a2: 0, b1: 100 }],
  ];
  for (const [name, wanted, running, expected] of cases) {
    it(name, () => {
      const snapshot = cluster({ nodes, pods: [on('e', 'a1', running)] });
      assert.deepEqual(scores(interPodAffinity(), pod('p', wanted), snapshot), expected);
    });
  }
});
