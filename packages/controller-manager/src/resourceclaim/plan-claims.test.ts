import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim, ResourceClaimTemplate } from '@kts/api/types/resource-v1';

import { podOn } from '../nodes/testing/node-objects.ts';
import { ALLOCATION_FINALIZER, planRelease } from './plan-claim-release.ts';
import { planPodClaims, POD_CLAIM_ANNOTATION } from './plan-pod-claims.ts';
import { knownClaimNames } from './pod-claims.ts';

interface PodFields {
  readonly name?: string;
  readonly node?: string;
  readonly claimed?: string | null;
  readonly phase?: 'Running' | 'Succeeded';
  readonly deleted?: boolean;
  readonly source?: { readonly resourceClaimName?: string; readonly resourceClaimTemplateName?: string };
}

const TEMPLATE = { resourceClaimTemplateName: 'tpl' };

/** `claimed`: the name in its status, `null` if it needs none. */
function pod({
  name = 'web',
  node,
  claimed,
  phase = 'Running',
  deleted = false,
  source = TEMPLATE,
}: PodFields = {}): Pod {
  const base = podOn({ name, phase, isDeleted: deleted, ...(node === undefined ? {} : { node }) });
  const statuses =
    claimed === undefined ? [] : [{ name: 'dev', ...(claimed === null ? {} : { resourceClaimName: claimed }) }];
  return {
    ...base,
    spec: { ...base.spec, resourceClaims: [{ name: 'dev', ...source }] },
    status: { ...base.status, resourceClaimStatuses: statuses },
  };
}

interface ClaimFields {
  readonly owner?: Pod;
  readonly reserved?: readonly string[];
  readonly allocated?: boolean;
  readonly held?: boolean;
  readonly deleted?: boolean;
}

function claim(name: string, { owner, reserved = [], allocated, held, deleted }: ClaimFields = {}): ResourceClaim {
  const { metadata } = podOn({ name, isDeleted: deleted ?? false });
  const reference = owner && {
    apiVersion: 'v1',
    kind: 'Pod',
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
  };
  return {
    metadata: {
      ...metadata,
      annotations: { [POD_CLAIM_ANNOTATION]: 'dev' },
      ...(reference ? { ownerReferences: [reference] } : {}),
      ...(held ? { finalizers: [ALLOCATION_FINALIZER] } : {}),
    },
    spec: {},
    status: {
      ...(allocated ? { allocation: {} } : {}),
      ...(reserved.length > 0
        ? { reservedFor: reserved.map((each) => ({ resource: 'pods', name: each, uid: `uid-${each}` })) }
        : {}),
    },
  };
}

const template: ResourceClaimTemplate = {
  metadata: podOn({ name: 'tpl' }).metadata,
  spec: { metadata: { labels: { l: '1' }, annotations: { a: 'b' } }, spec: { devices: {} } },
};

describe('planPodClaims', () => {
  const plan = (
    each: Pod,
    claims: readonly ResourceClaim[] = [],
    owned: readonly ResourceClaim[] = [],
    hasTemplate = true,
  ): string => {
    const { steps, reserve } = planPodClaims({
      pod: each,
      claim: (name) => claims.find(({ metadata }) => metadata.name === name),
      owned,
      template: () => (hasTemplate ? template : undefined),
    });
    const said = [...steps.map((step) => step.do), ...reserve.map(({ metadata }) => `reserve ${metadata.name}`)];
    return said.join(', ') || 'nothing';
  };
  const own = pod({ claimed: 'web-dev-x' });
  const running = pod({ claimed: 'web-dev-x', node: 'one' });
  const byName = pod({ node: 'one', source: { resourceClaimName: 'mine' } });
  for (const [name, actual, expected] of [
    ['a template', plan(pod()), 'create'],
    ['no template yet', plan(pod(), [], [], false), 'fail'],
    ['made, but not in the status', plan(pod(), [], [claim('web-dev-x', { owner: own })]), 'record'],
    ['in the status', plan(own, [claim('web-dev-x', { owner: own })]), 'nothing'],
    ['in the status, but gone', plan(own), 'create'],
    ["in the status, but another pod's", plan(own, [claim('web-dev-x', { owner: pod({ name: 'other' }) })]), 'create'],
    ['not needed', plan(pod({ claimed: null })), 'nothing'],
    ['by name', plan(byName, [claim('mine')]), 'nothing'],
    ['neither name nor template', plan(pod({ source: {} })), 'fail'],
    [
      'on a node, allocated',
      plan(running, [claim('web-dev-x', { owner: running, allocated: true })]),
      'reserve web-dev-x',
    ],
    [
      'on a node, reserved',
      plan(running, [claim('web-dev-x', { owner: running, allocated: true, reserved: ['web'] })]),
      'nothing',
    ],
    ['on a node, not allocated', plan(running, [claim('web-dev-x', { owner: running })]), 'nothing'],
    ['on a node, by name', plan(byName, [claim('mine', { allocated: true, reserved: ['other'] })]), 'reserve mine'],
    ['not on a node', plan(own, [claim('web-dev-x', { owner: own, allocated: true })]), 'nothing'],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }

  it('makes the claim that the template describes', () => {
    const { steps } = planPodClaims({ pod: pod(), claim: () => undefined, owned: [], template: () => template });
    const [step] = steps;
    assert.ok(step?.do === 'create');
    const { metadata, spec } = step.claim;
    assert.deepEqual([metadata.generateName, metadata.labels, spec], ['web-dev-', { l: '1' }, { devices: {} }]);
    assert.deepEqual(metadata.annotations, { a: 'b', [POD_CLAIM_ANNOTATION]: 'dev' });
    assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-web');
  });

  it('cuts long names so that both can be told', () => {
    const long = pod({ name: 'p'.repeat(100) });
    const [step] = planPodClaims({ pod: long, claim: () => undefined, owned: [], template: () => template }).steps;
    assert.ok(step?.do === 'create');
    assert.match(step.claim.metadata.generateName ?? '', /^p{54}-d$/);
  });
});

describe('planRelease', () => {
  const web = pod();
  const ended = pod({ phase: 'Succeeded' });
  const plan = (each: ResourceClaim, consumer: Pod | 'gone' | 'kept', owner?: Pod): string => {
    const { status, dropFinalizer, deleteClaim } = planRelease({ claim: each, consumer: () => consumer, owner });
    const said = [
      status && `${status.reservedFor?.length ?? 0} left${status.allocation ? ', allocated' : ''}`,
      dropFinalizer && 'let go',
      deleteClaim && 'delete',
    ];
    return said.filter(Boolean).join(', ') || 'nothing';
  };
  const used = { reserved: ['web'], allocated: true, held: true };
  for (const [name, actual, expected] of [
    ['in use', plan(claim('c', used), web), 'nothing'],
    ['not in the cache', plan(claim('c', used), 'kept'), 'nothing'],
    ['its pod is gone', plan(claim('c', used), 'gone'), '0 left, let go'],
    ['its pod has ended', plan(claim('c', used), ended), '0 left, let go'],
    ['another pod of that name', plan(claim('c', used), pod({ name: 'other' })), '0 left, let go'],
    ['its pod will never start', plan(claim('c', used), pod({ deleted: true })), '0 left, let go'],
    ['its pod is being stopped', plan(claim('c', used), pod({ deleted: true, node: 'one' })), 'nothing'],
    [
      'without the finalizer the allocation stays',
      plan(claim('c', { ...used, held: false }), 'gone'),
      '0 left, allocated',
    ],
    [
      'deleted, unused, allocated',
      plan(claim('c', { allocated: true, held: true, deleted: true }), 'kept'),
      '0 left, let go',
    ],
    ['deleted, unused', plan(claim('c', { held: true, deleted: true }), 'kept'), 'let go'],
    ['unused', plan(claim('c', { allocated: true, held: true }), 'kept'), 'nothing'],
    ['its owner has ended', plan(claim('c', { owner: ended }), 'kept', ended), 'delete'],
    ['its owner runs', plan(claim('c', { owner: web }), 'kept', web), 'nothing'],
    ['its owner is unknown', plan(claim('c', { owner: web }), 'kept'), 'nothing'],
    ['its owner was replaced', plan(claim('c', { owner: pod({ name: 'old' }) }), 'kept', web), 'delete'],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }

  it('leaves consumers alone that are no pods', () => {
    const others = claim('c', { held: true, allocated: true });
    const reservedFor = [{ apiGroup: 'example.test', resource: 'things', name: 'x', uid: 'x' }];
    const plan2 = planRelease({
      claim: { ...others, status: { ...others.status, reservedFor } },
      consumer: () => 'gone',
      owner: undefined,
    });
    assert.deepEqual(plan2, { dropFinalizer: false, deleteClaim: false });
  });
});

describe('knownClaimNames', () => {
  it('takes names, statuses and extended resources, each once', () => {
    const base = pod({ claimed: 'a' });
    const extended = {
      ...base,
      status: { ...base.status, extendedResourceClaimStatus: { resourceClaimName: 'b', requestMappings: [] } },
    };
    assert.deepEqual(knownClaimNames(extended), ['a', 'b']);
    assert.deepEqual(knownClaimNames(pod()), []);
  });
});
