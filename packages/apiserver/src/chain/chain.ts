import type { Handler, Stage } from '../response.ts';

/** Puts stages in front of a handler; the first stage is the outermost. */
export function composeChain(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next), last);
}
