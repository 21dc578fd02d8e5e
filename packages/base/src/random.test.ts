import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fnv1a32, randomName, seededRandom, systemRandom, type Random } from './random.ts';

describe('Random', () => {
  for (const [name, random] of [
    ['seeded', seededRandom(1)],
    ['of the system', systemRandom],
  ] as const) {
    it(`${name}: next is in [0, 1)`, () => {
      for (const value of draw(random, 1_000)) assert.ok(value >= 0 && value < 1, `${value}`);
    });

    it(`${name}: integer reaches every value below its bound, and no other`, () => {
      const values = new Set(Array.from({ length: 1_000 }, () => random.integer(5)));
      assert.deepEqual(values, new Set([0, 1, 2, 3, 4]));
    });

    it(`${name}: uuid is of version 4, and new each time`, () => {
      const uuids = Array.from({ length: 100 }, () => random.uuid());
      for (const uuid of uuids)
        assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(new Set(uuids).size, 100);
    });
  }
});

describe('seededRandom', () => {
  it('repeats itself for the same seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => assert.deepEqual(draw(seededRandom(seed)), draw(seededRandom(seed)))),
    );
  });

  it('differs for another seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => assert.notDeepEqual(draw(seededRandom(seed)), draw(seededRandom(seed + 1)))),
    );
  });

  it('is spread evenly', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const value of draw(seededRandom(3), 10_000)) counts[Math.floor(value * 10)]! += 1;
    for (const count of counts) assert.ok(count > 850 && count < 1_150, counts.join(' '));
  });

  it('has streams that do not depend on what others draw', () => {
    const random = seededRandom(7);
    const before = draw(random.stream('pods'));
    draw(random, 100);
    assert.deepEqual(draw(random.stream('pods')), before);
    assert.notDeepEqual(draw(random.stream('nodes')), before);
  });
});

describe('randomName', () => {
  it("has the given length in Kubernetes' alphabet", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(20), (seed, length) => {
        assert.match(randomName(seededRandom(seed), length), new RegExp(`^[bcdfghjklmnpqrstvwxz2456789]{${length}}$`));
      }),
    );
  });

  it('has 5 letters by default', () => assert.equal(randomName(seededRandom(1)).length, 5));
});

describe('fnv1a32', () => {
  const rows: readonly (readonly [text: string, hash: number])[] = [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ];
  for (const [text, hash] of rows) {
    it(`of ${JSON.stringify(text)} is ${hash.toString(16)}`, () => assert.equal(fnv1a32(text), hash));
  }
});

function draw(random: Random, count = 8): readonly number[] {
  return Array.from({ length: count }, () => random.next());
}
