import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { notFound } from '@kts/apimachinery';
import { FakeClock } from '@kts/base/testing';

import { auditStage } from '../chain/audit.ts';
import { authorizationStage } from '../chain/authorization.ts';
import { chainRequest, type ChainRequestOptions } from '../testing/chain-request.ts';
import { decideAudit, type AuditPolicy, type AuditRule } from './policy.ts';

describe('audit policy', () => {
  const levelOf = (rules: readonly AuditRule[], options: ChainRequestOptions): string => {
    const { user, info } = chainRequest(options);
    return decideAudit({ rules }, user, info).level;
  };
  const pods = { path: '/api/v1/namespaces/d/pods/web' };
  const rows: readonly [string, AuditRule, ChainRequestOptions, boolean][] = [
    ['everything', { level: 'Metadata' }, pods, true],
    ['a user', { level: 'Metadata', users: ['jane'] }, pods, true],
    ['not another user', { level: 'Metadata', users: ['joe'] }, pods, false],
    ['a group', { level: 'Metadata', userGroups: ['system:authenticated'] }, pods, true],
    ['a verb', { level: 'Metadata', verbs: ['get'] }, pods, true],
    ['not another verb', { level: 'Metadata', verbs: ['list'] }, pods, false],
    ['a namespace', { level: 'Metadata', namespaces: ['d'] }, pods, true],
    ['a resource', { level: 'Metadata', resources: [{ group: '', resources: ['pods'] }] }, pods, true],
    ['all of a group', { level: 'Metadata', resources: [{ group: '' }] }, pods, true],
    ['not another group', { level: 'Metadata', resources: [{ group: 'apps' }] }, pods, false],
    ['a name', { level: 'Metadata', resources: [{ resources: ['pods'], resourceNames: ['web'] }] }, pods, true],
    [
      'not a subresource by its resource',
      { level: 'Metadata', resources: [{ resources: ['pods'] }] },
      { path: `${pods.path}/log` },
      false,
    ],
    [
      'subresources by a star',
      { level: 'Metadata', resources: [{ resources: ['pods/*'] }] },
      { path: `${pods.path}/log` },
      true,
    ],
    ['paths below a star', { level: 'Metadata', nonResourceURLs: ['/healthz*'] }, { path: '/healthz/ping' }, true],
    ['no resource by a path', { level: 'Metadata', nonResourceURLs: ['*'] }, pods, false],
  ];
  for (const [name, rule, options, expected] of rows) {
    it(`matches ${name}`, () => assert.equal(levelOf([rule], options), expected ? 'Metadata' : 'None'));
  }

  it('takes the first rule that matches', () => {
    assert.equal(levelOf([{ level: 'None', verbs: ['get'] }, { level: 'Request' }], pods), 'None');
  });
});

describe('audit events', () => {
  async function record(policy: AuditPolicy, fail = false): Promise<readonly Record<string, unknown>[]> {
    const lines: string[] = [];
    const stage = auditStage({ policy, clock: new FakeClock(), write: (line) => void lines.push(line) });
    const request = chainRequest({ path: '/api/v1/namespaces/d/pods/web', query: 'pretty=1' });
    const serve = stage(() =>
      fail
        ? Promise.reject(notFound({ group: '', plural: 'pods' }, 'web'))
        : Promise.resolve({ kind: 'object', status: 200, object: { kind: 'Pod' } }),
    );
    await serve(request).catch(() => {});
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('say who did what', async () => {
    const [received, complete] = await record({ rules: [{ level: 'Metadata' }] });
    assert.deepEqual([received?.['stage'], complete?.['stage']], ['RequestReceived', 'ResponseComplete']);
    const { verb, requestURI, user, objectRef, responseStatus, responseObject } = complete!;
    assert.deepEqual(
      { verb, requestURI, user, objectRef, responseStatus, responseObject },
      {
        verb: 'get',
        requestURI: '/api/v1/namespaces/d/pods/web?pretty=1',
        user: { username: 'jane', groups: ['system:authenticated'] },
        objectRef: { resource: 'pods', namespace: 'd', name: 'web', apiVersion: 'v1' },
        responseStatus: { metadata: {}, code: 200 },
        responseObject: undefined,
      },
    );
  });

  it('say what went wrong', async () => {
    const events = await record({ rules: [{ level: 'Metadata', omitStages: ['RequestReceived'] }] }, true);
    assert.equal(events.length, 1);
    assert.equal((events[0]!['responseStatus'] as { code: number }).code, 404);
  });

  it('show answers where the policy wants them', async () => {
    const [, complete] = await record({ rules: [{ level: 'RequestResponse' }] });
    assert.deepEqual(complete?.['responseObject'], { kind: 'Pod' });
  });

  it('tell of the beginning and the end of a watch', async () => {
    const lines: string[] = [];
    const options = { policy: { rules: [{ level: 'Metadata' as const }] }, clock: new FakeClock() };
    let end = (): void => {};
    const watch = {
      start: () => {},
      drained: () => {},
      close: () => {},
      onEnd: (listener: () => void) => (end = listener),
    };
    const serve = auditStage({ ...options, write: (line) => void lines.push(line) })(() =>
      Promise.resolve({ kind: 'watch', watch }),
    );
    await serve(chainRequest({ path: '/api/v1/pods', query: 'watch=1' }));
    const stages = (): unknown[] => lines.map((line) => (JSON.parse(line) as { stage: string }).stage);
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted']);
    end();
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted', 'ResponseComplete']);
  });

  it('say who decided', async () => {
    const lines: string[] = [];
    const policy = { rules: [{ level: 'Metadata' as const }] };
    const stage = auditStage({ policy, clock: new FakeClock(), write: (line) => void lines.push(line) });
    const authorizer = { authorize: () => ({ decision: 'deny' as const, reason: 'not you' }) };
    const serve = stage(authorizationStage({ authorizer, annotates: true })(() => assert.fail('was let through')));
    await assert.rejects(serve(chainRequest({ path: '/api/v1/pods' })));
    const { annotations } = JSON.parse(lines.at(-1)!) as { annotations: object };
    assert.deepEqual(annotations, {
      'authorization.k8s.io/decision': 'forbid',
      'authorization.k8s.io/reason': 'not you',
    });
  });

  it('are not made where nothing is to be recorded', async () => {
    assert.deepEqual(await record({ rules: [{ level: 'None' }] }), []);
  });
});
