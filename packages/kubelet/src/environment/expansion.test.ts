import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandReferences } from './expansion.ts';

// Source: third_party/forked/golang/expansion/expand_test.go (v1.36)
for (const [text, expected] of [
  ['$(VAR_A)', 'A'],
  ['---$(VAR_A)---', '---A---'],
  ['$(VAR_A)$(VAR_B)', 'AB'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$(VAR_A)', '$$(VAR_A)'],
  ['$(UNKNOWN)', '$(UNKNOWN)'],
  ['$VAR_A', '$VAR_A'],
  ['$(VAR_A', '$(VAR_A'],
  ['foo$', 'foo$'],
  ['$', '$'],
  ['$()', '$()'],
  ['$(VAR_A))', 'A)'],
] as const) {
  test(text, () =>
    assert.equal(
      expandReferences(text, (name) => ({ VAR_A: 'A', VAR_B: 'B' })[name]),
      expected,
    ),
  );
}
