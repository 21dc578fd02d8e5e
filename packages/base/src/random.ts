import { randomUUID } from 'node:crypto';

/** Randomness as a value that is passed in, so that a simulation can be replayed from its seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  /** A random (version 4) UUID. */
  uuid(): string;
  /** An independent stream: drawing from it does not shift what others draw. */
  stream(name: string): Random;
}

/** The letters of generated names: no vowels and no look-alikes. Source: apimachinery/pkg/util/rand. */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix for generated names, `length` letters from Kubernetes' own alphabet. */
export function randomName(random: Random, length = 5): string {
  let text = '';
  for (let i = 0; i < length; i++) text += NAME_ALPHABET[random.integer(NAME_ALPHABET.length)];
  return text;
}

/** Randomness from the operating system. Only `main.ts` files choose it. */
export const systemRandom: Random = {
  next: () => Math.random(),
  integer: (below) => Math.floor(Math.random() * below),
  uuid: () => randomUUID(),
  stream: () => systemRandom,
};

/** A reproducible generator (mulberry32); streams are seeded from the seed and their name. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    uuid: () => formatUuid(Uint8Array.from({ length: 16 }, () => Math.floor(next() * 256))),
    stream: (name) => seededRandom(seed ^ fnv1a32(name)),
  };
}

/** FNV-1a, 32 bits. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function formatUuid(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toHex();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
