import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as assertThat, unreachable } from './assert.ts';

describe('assert', () => {
  it('passes what is true', () => assertThat('something', 'nothing'));

  it('throws for what is not, with its message', () => {
    for (const condition of [false, undefined, null, 0, '']) {
      assert.throws(() => assertThat(condition, 'broken'), { name: 'AssertionError', message: 'broken' });
    }
  });
});

describe('unreachable', () => {
  it('names the value that nobody expected', () => {
    assert.throws(() => unreachable('Sideways' as never), { message: 'unexpected value "Sideways"' });
  });
});
