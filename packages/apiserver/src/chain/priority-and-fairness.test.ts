import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { FlowSchema, PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';
import { FakeClock } from '@kts/base/testing';

import { FlowClassifier } from '../flowcontrol/classifier.ts';
import { FlowController } from '../flowcontrol/flow-controller.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
import { chainRequest } from '../testing/chain-request.ts';
import { priorityAndFairnessStage, type InFlight } from './priority-and-fairness.ts';

const OK: ApiServerResponse = { kind: 'object', status: 200, object: {} };

/** A server with one seat, whose only level has one queue of one place. */
function oneSeat(next: Handler): { readonly serve: Handler; readonly inFlight: InFlight } {
  const level = {
    metadata: { name: 'all', uid: 'level-uid' },
    spec: {
      type: 'Limited',
      limited: {
        borrowingLimitPercent: 0,
        limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } },
      },
    },
  } as PriorityLevelConfiguration;
  const schema = {
    metadata: { name: 'everything', uid: 'schema-uid' },
    spec: {
      priorityLevelConfiguration: { name: 'all' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: '*' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
        },
      ],
    },
  } as unknown as FlowSchema;
  const classifier = new FlowClassifier();
  classifier.replace({ schemas: [schema], levels: [level] });
  const controller = new FlowController({ clock: new FakeClock(), serverSeats: 1, waitMs: 1000 });
  controller.configure([level]);
  const inFlight = { readOnly: 0, mutating: 0 };
  return { serve: priorityAndFairnessStage({ classifier, controller, inFlight, count: () => 0 })(next), inFlight };
}

describe('priority and fairness', () => {
  it('names the flow and lets what finds no seat wait for its turn', async () => {
    const held = Promise.withResolvers<ApiServerResponse>();
    const order: string[] = [];
    const { serve, inFlight } = oneSeat((request) => {
      order.push(request.path);
      return held.promise;
    });
    const [first, second] = ['/api/v1/pods/a', '/api/v1/pods/b'].map((path) => chainRequest({ path }));
    const answers = [serve(first!), serve(second!)];
    assert.deepEqual(order, ['/api/v1/pods/a']);
    assert.deepEqual(inFlight, { readOnly: 1, mutating: 0 });
    assert.equal(first!.responseHeaders['x-kubernetes-pf-flowschema-uid'], 'schema-uid');
    assert.equal(first!.responseHeaders['x-kubernetes-pf-prioritylevel-uid'], 'level-uid');
    held.resolve(OK);
    assert.deepEqual(await Promise.all(answers), [OK, OK]);
    assert.deepEqual(inFlight, { readOnly: 0, mutating: 0 });
  });

  it('refuses what finds the queue full and says when to come back', async () => {
    const held = Promise.withResolvers<ApiServerResponse>();
    const { serve } = oneSeat(() => held.promise);
    const waiting = [serve(chainRequest({ path: '/api/v1/pods' })), serve(chainRequest({ path: '/api/v1/pods' }))];
    const answer = await serve(chainRequest({ method: 'POST', path: '/api/v1/namespaces/d/pods' }));
    assert.ok(answer.kind === 'bytes');
    assert.equal(answer.status, 429);
    assert.equal(answer.headers?.['retry-after'], '1');
    assert.equal(Buffer.from(answer.body as Uint8Array).toString(), 'Too many requests, please try again later.\n');
    held.resolve(OK);
    await Promise.all(waiting);
  });

  it('gives the seat of a client that has gone to the next one', async () => {
    const held = Promise.withResolvers<ApiServerResponse>();
    const { serve } = oneSeat(() => held.promise);
    const first = serve(chainRequest({ path: '/api/v1/pods' }));
    const gone = chainRequest({ path: '/api/v1/pods' });
    const refused = assert.rejects(serve(gone), { name: 'AbortError' });
    gone.cancel();
    await refused;
    const next = serve(chainRequest({ path: '/api/v1/pods' }));
    held.resolve(OK);
    assert.deepEqual(await Promise.all([first, next]), [OK, OK]);
  });

  it('keeps no seat for a watch that has begun, and none for logs', async () => {
    const { serve } = oneSeat(() => Promise.resolve(OK));
    const paths = [{ path: '/api/v1/pods', query: 'watch=true' }, { path: '/api/v1/namespaces/d/pods/web/log' }];
    for (const options of paths) {
      for (let count = 0; count < 5; count++) assert.equal(await serve(chainRequest(options)), OK);
    }
    const log = chainRequest(paths[1]!);
    await serve(log);
    assert.deepEqual(log.responseHeaders, {});
  });
});
