import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a bundle was made of, which tells whether it still is the program. */
export interface BundleRecord {
  /** The file to import, absolute. */
  readonly entry: string;
  /** Every source, absolute, with the time of its last change (ms). */
  readonly sources: readonly (readonly [path: string, changedMs: number])[];
}

export const RECORD_FILE = 'bundle.json';

/** The bundle's file to import, or undefined if there is no bundle, or one of a source that has changed since. */
export function currentEntry(directory: string): string | undefined {
  const record = readRecord(join(directory, RECORD_FILE));
  const isCurrent = record?.sources.every(([path, changedMs]) => changeTime(path) === changedMs);
  return isCurrent && changeTime(record!.entry) !== undefined ? record!.entry : undefined;
}

/** When a file was last changed (ms), undefined if there is none. */
export function changeTime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readRecord(path: string): BundleRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BundleRecord;
  } catch {
    // None yet, or one that is cut off: either way there is nothing to use.
    return undefined;
  }
}
