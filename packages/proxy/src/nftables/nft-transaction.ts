/**
 * The commands that turn one ruleset into another, as one transaction for `nft -f`: the kernel takes all of it or
 * nothing, so there is never a moment with half the rules. Sets that rules fill at run time (session affinity) are not
 * touched while they are wanted.
 */
import { TABLE, type NftSet, type Ruleset } from './ruleset.ts';

/** `undefined` for `before`: nothing is known, so the table is made anew. An empty text: nothing to do. */
export function planTransaction(before: Ruleset | undefined, after: Ruleset): string {
  const table = `${after.family === 'IPv4' ? 'ip' : 'ip6'} ${TABLE}`;
  const lines: string[] = [];
  if (!before) lines.push(`add table ${table}`, `delete table ${table}`, `add table ${table}`);

  for (const [name, set] of after.sets) {
    if (!before?.sets.has(name)) lines.push(`add ${set.kind} ${table} ${name} { ${set.declaration} }`);
  }
  for (const [name, chain] of after.chains) {
    if (!before?.chains.has(name)) lines.push(`add chain ${table} ${name}${chain.hook ? ` { ${chain.hook} }` : ''}`);
  }
  // Elements that go must go before the chains they point at; elements that come, after those chains exist.
  for (const [name, set] of before?.sets ?? []) {
    const wanted = after.sets.get(name)?.elements;
    if (wanted) lines.push(...elementLines('delete', table, name, changedElements(set.elements, wanted), set));
  }
  for (const [name, chain] of after.chains) {
    const old = before?.chains.get(name);
    if (old && sameRules(old.rules, chain.rules)) continue;
    if (old) lines.push(`flush chain ${table} ${name}`);
    for (const rule of chain.rules) lines.push(`add rule ${table} ${name} ${rule}`);
  }
  for (const [name, set] of after.sets) {
    const old = before?.sets.get(name)?.elements ?? new Map<string, string>();
    lines.push(...elementLines('add', table, name, changedElements(set.elements, old), set));
  }
  const gone = [...(before?.chains.keys() ?? [])].filter((name) => !after.chains.has(name));
  // Chains that go may point at each other: empty all of them first.
  for (const name of gone) lines.push(`flush chain ${table} ${name}`);
  for (const name of gone) lines.push(`delete chain ${table} ${name}`);
  for (const [name, set] of before?.sets ?? []) {
    if (!after.sets.has(name)) lines.push(`delete ${set.kind} ${table} ${name}`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** The command that removes everything. */
export function planRemoval(family: 'IPv4' | 'IPv6'): string {
  const table = `${family === 'IPv4' ? 'ip' : 'ip6'} ${TABLE}`;
  return `add table ${table}\ndelete table ${table}\n`;
}

/** Elements of `from` that `other` lacks or has with another value. */
function changedElements(from: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): [string, string][] {
  return [...from].filter(([key, value]) => other.get(key) !== value);
}

function elementLines(
  verb: 'add' | 'delete',
  table: string,
  name: string,
  elements: readonly (readonly [string, string])[],
  set: NftSet,
): readonly string[] {
  if (elements.length === 0) return [];
  const texts = elements.map(([key, value]) => (set.kind === 'map' ? `${key} : ${value}` : key));
  return [`${verb} element ${table} ${name} { ${texts.join(', ')} }`];
}

function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule, index) => rule === b[index]);
}
