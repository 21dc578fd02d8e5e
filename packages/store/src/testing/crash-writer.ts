/**
 * The victim of the crash test. Writes numbered keys to the store at its first argument, 8 at a time, and prints each
 * key once its write is acknowledged, until it is killed.
 */
import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { systemClock } from '@kts/base';
import { createSqliteStore } from '../sqlite-store.ts';

const WRITERS = 8;

const store = await createSqliteStore({ path: argv[2]!, clock: systemClock });
let next = await store.revision();
const write = async (): Promise<never> => {
  for (;;) {
    const key = `/crash/${next++}`;
    await store.put(key, new TextEncoder().encode(key.repeat(20)), { expect: 0 });
    writeSync(1, `${key}\n`);
  }
};
await Promise.all(Array.from({ length: WRITERS }, write));
