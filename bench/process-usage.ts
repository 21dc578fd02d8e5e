import { readFileSync } from 'node:fs';

/** Linux' clock ticks a second, fixed for every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time that the processes have used so far, all threads, user and system, in milliseconds. */
export function cpuMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The command may contain spaces and parentheses: the fields start after the last one.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** Resident memory of the processes, in MB. */
export function residentMb(pids: readonly number[]): number {
  let kb = 0;
  for (const pid of pids) kb += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  return kb / 1024;
}
