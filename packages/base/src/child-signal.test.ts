import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { childSignal } from './child-signal.ts';

describe('childSignal', () => {
  it('is aborted with its parent, for the same reason', () => {
    const parent = new AbortController();
    using child = childSignal(parent.signal);
    assert.equal(child.signal.aborted, false);
    parent.abort('stop');
    assert.deepEqual([child.signal.aborted, child.signal.reason], [true, 'stop']);
  });

  it('is born aborted if its parent is', () => {
    using child = childSignal(AbortSignal.abort('stop'));
    assert.deepEqual([child.signal.aborted, child.signal.reason], [true, 'stop']);
  });

  it('is aborted on its own without its parent', () => {
    const parent = new AbortController();
    using child = childSignal(parent.signal);
    child.abort('enough');
    assert.deepEqual([child.signal.reason, parent.signal.aborted], ['enough', false]);
  });

  it('keeps the first reason', () => {
    const parent = new AbortController();
    using child = childSignal(parent.signal);
    child.abort('first');
    parent.abort('second');
    assert.equal(child.signal.reason, 'first');
  });

  it('is aborted with its parent if others listen to that too', () => {
    const parent = new AbortController();
    let heard = 0;
    parent.signal.addEventListener('abort', () => heard++, { once: true });
    using first = childSignal(parent.signal);
    using second = childSignal(parent.signal);
    parent.abort();
    assert.deepEqual([heard, first.signal.aborted, second.signal.aborted], [1, true, true]);
  });

  it('leaves nothing behind in its parent once disposed', () => {
    const parent = new AbortController();
    {
      using child = childSignal(parent.signal);
      assert.equal(getEventListeners(parent.signal, 'abort').length, 1);
      assert.equal(child.signal.aborted, false);
    }
    assert.equal(getEventListeners(parent.signal, 'abort').length, 0);
  });

  it('reaches every grandchild, also when listeners of the first ones do more than listen', () => {
    const root = new AbortController();
    const children = [childSignal(root.signal), childSignal(root.signal), childSignal(root.signal)];
    const grandchildren = children.flatMap((child) => [childSignal(child.signal), childSignal(child.signal)]);
    for (const child of children) child.signal.addEventListener('abort', () => child[Symbol.dispose]());
    for (const child of grandchildren) child.signal.addEventListener('abort', () => child[Symbol.dispose]());
    root.abort();
    assert.deepEqual(
      [...children, ...grandchildren].map((child) => child.signal.aborted),
      Array.from({ length: 9 }, () => true),
    );
  });
});
