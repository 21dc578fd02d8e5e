import type { Zpage } from './zpage-route.ts';

/** How the server was started. */
export function flagzPage(flags: Readonly<Record<string, string>>): Zpage {
  const sorted = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: 'Flagz',
    object: () => ({ flags: Object.fromEntries(sorted) }),
    text: () => sorted.map(([name, value]) => `${name}=${value}\n`).join(''),
  };
}
