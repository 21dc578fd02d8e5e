import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { formatYaml } from './format-yaml.ts';
import { parseYaml } from './yaml.ts';

const LONG = 'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal number 1.5 into Go struct field';

describe('YAML as Go writes it', () => {
  const rows: readonly [unknown, string][] = [
    [null, 'null\n'],
    [{}, '{}\n'],
    [{ b: 1, a: [], c: {} }, 'a: []\nb: 1\nc: {}\n'],
    [{ l: [{ a: 1, b: 2 }, [1, [2]], 'x'] }, 'l:\n- a: 1\n  b: 2\n- - 1\n  - - 2\n- x\n'],
    [{ 'f:spec': { '.': {}, 'k:{"a":"b"}': null } }, 'f:spec:\n  .: {}\n  k:{"a":"b"}: null\n'],
    [{ item10: 1, item9: 2, a1: 3, '1': 4 }, '"1": 4\na1: 3\nitem9: 2\nitem10: 1\n'],
    [
      ['', 'true', 'No', '1', '0x1', '1_000', '.5', '12:30', '~'],
      '- ""\n- "true"\n- "No"\n- "1"\n- "0x1"\n- "1_000"\n- ".5"\n- "12:30"\n- "~"\n',
    ],
    [
      ['2020-01-01T00:00:00Z', '2020-01-01', '1.2.3', '-'],
      '- "2020-01-01T00:00:00Z"\n- "2020-01-01"\n- 1.2.3\n- \'-\'\n',
    ],
    [["it's", ' a', 'a: b', 'a #b', '*', 'a:b'], "- it's\n- ' a'\n- 'a: b'\n- 'a #b'\n- '*'\n- a:b\n"],
    [['a\tb', '\u0001', '😀', 'é'], '- "a\\tb"\n- "\\x01"\n- "\\U0001F600"\n- é\n'],
    [{ a: 'x\ny\n', b: 'x\ny', c: ' x\n\n' }, 'a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |2+\n   x\n\n'],
    [{ message: LONG }, `message: '${LONG.replace(' 1.5', '\n  1.5')}'\n`],
    [['x'.repeat(60) + ' ' + 'y'.repeat(30) + ' z'], `- ${'x'.repeat(60)} ${'y'.repeat(30)}\n  z\n`],
    [{ ['k'.repeat(129)]: 'v' }, `? ${'k'.repeat(129)}\n: v\n`],
    [[1.5, 1e21, 1234567.5, 0.00001, -3, 1e6], '- 1.5\n- 1e+21\n- 1.2345675e+06\n- 1e-05\n- -3\n- 1000000\n'],
  ];
  for (const [value, text] of rows) {
    it(`writes ${JSON.stringify(value).slice(0, 60)}`, () => assert.equal(formatYaml(value), text));
  }

  it('is read as it was', () => {
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({
          unit: fc.constantFrom('a', ' ', '\n', ':', '#', '-', '1', "'", '"', 'é', '\t', '!'),
          maxLength: 120,
        }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'b', '-', ':', ' ', '1') }), tie('value'), {
          maxKeys: 3,
          noNullPrototype: true,
        }),
      ),
    })).value;
    // In an object, as all documents of Kubernetes are: readers do not agree on how deep a block is that is a whole document.
    fc.assert(fc.property(json, (value) => assert.deepEqual(parseYaml(formatYaml({ value })), { value })));
  });
});
