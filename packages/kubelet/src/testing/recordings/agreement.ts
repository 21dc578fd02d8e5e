import type { Difference } from './compare.ts';
import { PARTS } from './recording.ts';

/** How many scenarios agree, by the first part of their name, in all and part by part. */
export function agreementTable(results: ReadonlyMap<string, readonly Difference[]>): string {
  const groups = Map.groupBy(results, ([id]) => id.slice(0, id.indexOf('/')));
  const rows = [...groups, ['all', [...results]] as const].map(([group, entries]) => {
    const agreeing = (isSame: (list: readonly Difference[]) => boolean): string =>
      `${entries.filter(([, list]) => isSame(list)).length}/${entries.length}`;
    const parts = PARTS.map((part) => agreeing((list) => !list.some((one) => one.part === part)));
    return [group, agreeing((list) => list.length === 0), ...parts];
  });
  const table = [['scenarios', 'agree', ...PARTS], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n');
}
