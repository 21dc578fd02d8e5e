import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';

import { aborted, onAbort } from './on-abort.ts';

describe('onAbort', () => {
  it('calls everybody back once, in order', () => {
    const controller = new AbortController();
    const heard: string[] = [];
    onAbort(controller.signal, () => heard.push('first'));
    onAbort(controller.signal, () => heard.push('second'));
    controller.abort();
    controller.abort();
    assert.deepEqual(heard, ['first', 'second']);
  });

  it('calls nobody back who has been disposed of, even by an earlier callback', () => {
    const controller = new AbortController();
    const heard: string[] = [];
    onAbort(controller.signal, () => later[Symbol.dispose]());
    const later = onAbort(controller.signal, () => heard.push('later'));
    const { [Symbol.dispose]: leave } = onAbort(controller.signal, () => heard.push('left'));
    leave();
    controller.abort();
    assert.deepEqual(heard, []);
  });

  it('keeps subscriptions of the same callback apart', () => {
    const controller = new AbortController();
    let heard = 0;
    const callback = (): void => void heard++;
    const first = onAbort(controller.signal, callback);
    onAbort(controller.signal, callback);
    first[Symbol.dispose]();
    controller.abort();
    assert.equal(heard, 1);
  });

  it('has one listener while anybody waits, and none after that', () => {
    const controller = new AbortController();
    const listeners = (): number => getEventListeners(controller.signal, 'abort').length;
    const [first, second] = [onAbort(controller.signal, () => {}), onAbort(controller.signal, () => {})];
    assert.equal(listeners(), 1);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.equal(listeners(), 1);
    second[Symbol.dispose]();
    assert.equal(listeners(), 0);
    using _third = onAbort(controller.signal, () => {});
    assert.equal(listeners(), 1);
  });
});

describe('aborted', () => {
  it('resolves when the signal is aborted, not before', async () => {
    const controller = new AbortController();
    let resolved = false;
    const waiting = aborted(controller.signal).then(() => (resolved = true));
    await Promise.resolve();
    assert.equal(resolved, false);
    controller.abort();
    await waiting;
  });

  it('resolves at once for a signal that is aborted already', () => aborted(AbortSignal.abort()));
});
