import type { Timer } from '@kts/base';

import type { Registry } from './deps.ts';
import { bookmarkFrame } from './watch.ts';

/** How often watches are told how far they have come, so that they can go on from there. */
const BOOKMARK_MS = 60_000;

/** Sends bookmarks to all watches that want them, all at the same time. */
export function runBookmarks({ clock, storages }: Registry): { start(): void; stop(): void } {
  let timer: Timer | undefined;
  const tick = (): void => {
    for (const { definition, cache } of storages.all()) {
      if (cache.watches > 0) cache.bookmark((view) => bookmarkFrame(definition, cache.revision, view));
    }
    timer = clock.after(BOOKMARK_MS, tick);
  };
  return {
    start: () => {
      timer = clock.after(BOOKMARK_MS, tick);
    },
    stop: () => timer?.cancel(),
  };
}
