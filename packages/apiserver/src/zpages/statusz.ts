import { formatTime, type Clock } from '@kts/base';

import { KUBERNETES_VERSION, VERSION_INFO } from '../version.ts';
import type { Zpage } from './zpage-route.ts';

/** Paths that are not for looking at the server. */
const OTHERS: ReadonlySet<string> = new Set(['apis', 'api', 'openid', 'openapi', '.well-known']);
const MINOR_VERSION = KUBERNETES_VERSION.split('.').slice(0, 2).join('.');
const SECOND_MS = 1000;

/** How long the server has been running, what it is, and where else to look. */
export function statuszPage(clock: Pick<Clock, 'now'>, paths: () => readonly string[]): Zpage {
  const startedAt = clock.now();
  const uptime = (): number => Math.max(0, Math.floor((clock.now() - startedAt) / SECOND_MS));
  return {
    kind: 'Statusz',
    object: () => ({
      startTime: formatTime(startedAt),
      uptimeSeconds: uptime(),
      goVersion: VERSION_INFO.goVersion,
      binaryVersion: MINOR_VERSION,
      emulationVersion: MINOR_VERSION,
      paths: firstSegments(paths()),
    }),
    text: () => `
Started: ${formatTime(startedAt)}
Up: ${uptimeText(uptime())}
Go version: ${VERSION_INFO.goVersion}
Binary version: ${MINOR_VERSION}
Emulation version: ${MINOR_VERSION}
Paths: ${firstSegments(paths()).join(' ')}
`,
  };
}

function firstSegments(paths: readonly string[]): readonly string[] {
  const segments = new Set(paths.map((path) => path.split('/')[1] ?? ''));
  return [...segments]
    .filter((segment) => segment !== '' && !OTHERS.has(segment))
    .sort()
    .map((segment) => `/${segment}`);
}

function uptimeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}
