import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import type { PodTemplateSpec } from '@kts/api/types/core-v1';

import { podTemplateHash, safeEncode } from './pod-template-hash.ts';

/** Templates as JSON, with the sums that upstream's Go libraries gave for them. */
const RECORDED = readFileSync(join(import.meta.dirname, 'testdata/template-hashes.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly fnv32a: number; readonly template: PodTemplateSpec });

describe('podTemplateHash', () => {
  for (const [index, { template, fnv32a }] of RECORDED.entries()) {
    it(`is upstream's for template ${index + 1}`, () =>
      assert.equal(podTemplateHash(template), safeEncode(`${fnv32a}`)));
  }

  const template = RECORDED[0]!.template;

  it('takes empty lists and maps for none', () => {
    const spec = { ...template.spec!, nodeSelector: {}, hostAliases: [] };
    assert.equal(podTemplateHash({ ...template, spec }), podTemplateHash(template));
  });

  it('changes with the count of collisions, zero included', () => {
    const hashes = [undefined, 0, 1, 2, 200].map((collisions) => podTemplateHash(template, collisions));
    assert.equal(new Set(hashes).size, hashes.length);
  });
});

describe('safeEncode', () => {
  it('maps digits to letters and digits of generated names', () =>
    assert.equal(safeEncode('0123456789'), '456789bcdf'));
});
