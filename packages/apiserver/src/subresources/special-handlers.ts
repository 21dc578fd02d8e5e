import type { SpecialHandlers } from '../registry/handler.ts';

/** Resources that are not stored, and subresources with a behaviour of their own. */
export function specialHandlers(): SpecialHandlers {
  return { find: () => undefined };
}
