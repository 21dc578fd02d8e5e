import { assert } from '@kts/base';
import type { Plugin } from './plugin.ts';

/** A plugin of a profile; the weight counts where it scores. */
export interface EnabledPlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

/** The extension points of which plugins can be switched off one by one. */
export const EXTENSION_POINTS = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;

export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];

/** Which plugins decide for the pods of one scheduler name: per extension point, in order. */
export interface Profile {
  readonly schedulerName: string;
  /** 0 or absent: adaptive. */
  readonly percentageOfNodesToScore?: number;
  readonly at: Readonly<Record<ExtensionPoint, readonly EnabledPlugin[]>>;
  /** All of them, each once. */
  readonly plugins: readonly Plugin[];
}

const HOOK: Readonly<Record<ExtensionPoint, keyof Plugin>> = {
  preEnqueue: 'preEnqueue',
  queueSort: 'less',
  preFilter: 'preFilter',
  filter: 'filter',
  postFilter: 'postFilter',
  preScore: 'preScore',
  score: 'score',
  reserve: 'reserve',
  permit: 'permit',
  preBind: 'preBind',
  bind: 'bind',
  postBind: 'postBind',
};

/** @param at the plugins of each extension point; default: every plugin wherever it has a hook. */
export function profileOf(
  schedulerName: string,
  plugins: readonly EnabledPlugin[],
  options: { readonly percentageOfNodesToScore?: number } = {},
  at: Profile['at'] = pluginsByHook(plugins),
): Profile {
  assert(at.queueSort.length <= 1, `profile ${schedulerName} has more than one plugin that sorts the queue`);
  const all = new Set(EXTENSION_POINTS.flatMap((point) => at[point].map(({ plugin }) => plugin)));
  return { schedulerName, ...options, at, plugins: [...all] };
}

function pluginsByHook(plugins: readonly EnabledPlugin[]): Profile['at'] {
  const entries = EXTENSION_POINTS.map((point) => [point, plugins.filter(({ plugin }) => hasHook(plugin, point))]);
  return Object.fromEntries(entries) as Profile['at'];
}

/** Upstream's name for plugins of the point, for messages. */
export function pluginTypeAt(point: ExtensionPoint): string {
  return `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`;
}

export function hasHook(plugin: Plugin, point: ExtensionPoint): boolean {
  return plugin[HOOK[point]] !== undefined;
}
