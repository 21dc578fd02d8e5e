import { equal, ok } from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

const lines = (...texts: readonly string[]): string => texts.join('\n');
const count = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('unifiedDiff', () => {
  const rows: readonly [name: string, first: string, second: string, difference: string][] = [
    ['nothing for equal texts', 'a\nb', 'a\nb', ''],
    [
      'a changed line with its surroundings',
      lines('a', 'b', 'c'),
      lines('a', 'x', 'c'),
      '@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n',
    ],
    ['one line for one line', 'a', 'b', '@@ -1 +1 @@\n-a\n+b\n'],
    ['an added line', lines('a', 'c'), lines('a', 'b', 'c'), '@@ -1,2 +1,3 @@\n a\n+b\n c\n'],
    ['a removed line', lines('a', 'b', 'c'), lines('a', 'c'), '@@ -1,3 +1,2 @@\n a\n-b\n c\n'],
    [
      'three lines around a change, no more',
      lines(...count(1, 9)),
      lines(...count(1, 4), 'x', ...count(6, 9)),
      '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n',
    ],
    [
      'two hunks for changes far apart',
      lines(...count(1, 12)),
      lines('a', ...count(2, 11), 'b'),
      '@@ -1,4 +1,4 @@\n-1\n+a\n 2\n 3\n 4\n@@ -9,4 +9,4 @@\n 9\n 10\n 11\n-12\n+b\n',
    ],
    [
      'one hunk for changes close together',
      lines(...count(1, 8)),
      lines('a', ...count(2, 7), 'b'),
      '@@ -1,8 +1,8 @@\n-1\n+a\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+b\n',
    ],
  ];
  for (const [name, first, second, difference] of rows) {
    it(`shows ${name}`, () => equal(unifiedDiff(first, second), difference));
  }

  it('starts no match at lines that are everywhere in a long text', () => {
    const long = Array.from({ length: 100 }, (_, index) => [`n${index}`, '}', '}']).flat();
    const changed = [...long.slice(0, 150), '}', 'new', ...long.slice(150)];
    ok(unifiedDiff(lines(...long), lines(...changed)).includes('+}\n+new\n'));
  });

  it('holds every line that went and came', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, (first, second) => {
        const shown = unifiedDiff(lines(...first), lines(...second)).split('\n');
        const removed = shown.filter((line) => line.startsWith('-')).length;
        const added = shown.filter((line) => line.startsWith('+')).length;
        const lengthOf = (all: readonly string[]) => Math.max(all.length, 1);
        equal(added - removed, lengthOf(second) - lengthOf(first));
      }),
    );
  });
});
