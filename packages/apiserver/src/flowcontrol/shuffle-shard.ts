/**
 * Which queues a flow may use: a hand of few, dealt by a hash, so that two flows hardly ever share all of them.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/{flowcontrol/apf_controller.go hashFlowID,shufflesharding} (v1.36)
 */
import { createHash } from 'node:crypto';

const SEPARATOR = Uint8Array.of(0);

/** `distinguisher` is the user or the namespace, where a schema tells flows apart by it. */
export function flowHash(schemaName: string, distinguisher: string): bigint {
  return createHash('sha256').update(schemaName).update(SEPARATOR).update(distinguisher).digest().readBigUInt64LE();
}

/** `handSize` different numbers from 0 to `deckSize` - 1. */
export function dealHand(hash: bigint, deckSize: number, handSize: number): readonly number[] {
  const remainders: number[] = [];
  let rest = hash;
  for (let dealt = 0; dealt < Math.min(handSize, deckSize); dealt++) {
    const left = BigInt(deckSize - dealt);
    remainders.push(Number(rest % left));
    rest /= left;
  }
  return remainders.map((remainder, index) => {
    let card = remainder;
    for (let before = index; before > 0; before--) if (card >= remainders[before - 1]!) card++;
    return card;
  });
}
