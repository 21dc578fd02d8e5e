/**
 * The audit log in a file that does not grow for ever.
 *
 * Mirrors: gopkg.in/natefinch/lumberjack.v2 as staging/src/k8s.io/apiserver/pkg/server/options/audit.go uses it (v1.36)
 * Differs: old files are not compressed.
 */
import { closeSync, fstatSync, openSync, readdirSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

import { formatTime, type Clock } from '@kts/base';

export interface RotatingLogOptions {
  readonly path: string;
  /** A file is put away before it becomes larger. */
  readonly maxSizeMegabytes: number;
  /** Old files that are kept; 0: all. */
  readonly maxBackups: number;
  /** Days after which old files are deleted; 0: never. */
  readonly maxAgeDays: number;
}

const MEGABYTE = 1024 * 1024;
const DAY_MS = 24 * 3600 * 1000;
const OWNER_ONLY = 0o600;

export interface RotatingLog {
  write(line: string): void;
  close(): void;
}

/** The file is opened with the first line. A line is in the file when `write` returns. Throws as the file system does. */
export function createRotatingLog(options: RotatingLogOptions, clock: Pick<Clock, 'now'>): RotatingLog {
  let file: { readonly descriptor: number; size: number } | undefined;
  const open = (): { readonly descriptor: number; size: number } => {
    const descriptor = openSync(options.path, 'a', OWNER_ONLY);
    return { descriptor, size: fstatSync(descriptor).size };
  };
  const close = (): void => {
    if (file) closeSync(file.descriptor);
    file = undefined;
  };
  return {
    write(line) {
      const bytes = Buffer.from(line);
      file ??= open();
      if (file.size > 0 && file.size + bytes.length > options.maxSizeMegabytes * MEGABYTE) {
        close();
        putAway(options, clock.now());
        file = open();
      }
      writeSync(file.descriptor, bytes);
      file.size += bytes.length;
    },
    close,
  };
}

function putAway(options: RotatingLogOptions, now: number): void {
  const folder = dirname(options.path);
  renameSync(options.path, join(folder, backupName(basename(options.path), now)));
  for (const name of outdatedBackups(readdirSync(folder), options, now)) unlinkSync(join(folder, name));
}

/** `audit-2026-11-21T12-00-00.000.log` */
export function backupName(name: string, now: number): string {
  const extension = extname(name);
  const milliseconds = String(now % 1000).padStart(3, '0');
  const time = formatTime(now).replace('Z', `.${milliseconds}`).replaceAll(':', '-');
  return `${name.slice(0, name.length - extension.length)}-${time}${extension}`;
}

/** Old files of the log among `names` that are too many or too old. Pure. */
export function outdatedBackups(
  names: readonly string[],
  { path, maxBackups, maxAgeDays }: RotatingLogOptions,
  now: number,
): readonly string[] {
  const name = basename(path);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const backups = names
    .map((candidate) => ({ name: candidate, time: backupTime(candidate, stem, extension) }))
    .filter((backup): backup is { readonly name: string; readonly time: string } => backup.time !== undefined)
    .sort((a, b) => (a.time < b.time ? 1 : -1));
  const oldest = maxAgeDays > 0 ? timeOf(backupName(name, now - maxAgeDays * DAY_MS), stem, extension) : '';
  return backups
    .filter(({ time }, index) => (maxBackups > 0 && index >= maxBackups) || time < oldest)
    .map((backup) => backup.name);
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$/;

function backupTime(name: string, stem: string, extension: string): string | undefined {
  if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return undefined;
  const time = timeOf(name, stem, extension);
  return TIME.test(time) ? time : undefined;
}

const timeOf = (name: string, stem: string, extension: string): string =>
  name.slice(stem.length + 1, name.length - extension.length);
