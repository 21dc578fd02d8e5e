import type { NodeInfo } from './node-info.ts';
import { withoutPod, withPod } from './node-info.ts';
import { unresolvable, type ImaginedNode, type Plugin, type PodChange, type Rejection } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Profile } from './profile.ts';
import type { Snapshot } from './snapshot.ts';

/** What the plugins prepared for one pod in one scheduling cycle. */
export interface Cycle {
  readonly snapshot: Snapshot;
  readonly pod: PodInfo;
  readonly filters: readonly ActiveFilter[];
  /** Each plugin's own state, for its later hooks; a plugin that had nothing to check has none. */
  readonly states: ReadonlyMap<Plugin, unknown>;
  /** The plugins whose `preFilter` was called, by name. */
  readonly asked: ReadonlySet<string>;
}

/** A filter that has something to check for this pod. */
export interface ActiveFilter {
  readonly plugin: Plugin;
  readonly state: unknown;
}

export interface PluginRejection {
  readonly plugin: string;
  readonly rejection: Rejection;
}

/** A cycle that may go on, or why no node will do. */
export type PreparedCycle = {
  readonly cycle: Cycle;
  readonly rejected?: PluginRejection;
  /** Only these nodes can fit, for the plugins named. */
  readonly narrowed?: { readonly nodeNames: ReadonlySet<string>; readonly plugins: readonly string[] };
};

/**
 * Runs `preFilter` of every plugin. After an unresolvable rejection the others are not asked; after one that preemption
 * may resolve they are, because preemption needs their states.
 */
export function prepareCycle(snapshot: Snapshot, pod: PodInfo, profile: Profile): PreparedCycle {
  const states = new Map<Plugin, unknown>();
  const skipped = new Set<Plugin>();
  const asked = new Set<string>();
  const narrowing: string[] = [];
  let nodeNames: ReadonlySet<string> | undefined;
  let rejected: PluginRejection | undefined;
  const finish = (rejection?: PluginRejection): PreparedCycle => ({
    cycle: { snapshot, pod, states, asked, filters: activeFilters(profile, states, skipped) },
    ...(rejection && { rejected: rejection }),
    ...(nodeNames && { narrowed: { nodeNames, plugins: narrowing } }),
  });
  for (const { plugin } of profile.at.preFilter) {
    asked.add(plugin.name);
    const result = guarded(`running PreFilter plugin "${plugin.name}"`, () => plugin.preFilter!(pod, snapshot));
    if ('skip' in result) {
      skipped.add(plugin);
    } else if ('reject' in result) {
      rejected = { plugin: plugin.name, rejection: result.reject };
      if (result.reject.code === 'UnschedulableAndUnresolvable') return finish(rejected);
    } else {
      states.set(plugin, result.state);
      if (result.nodeNames === undefined) continue;
      nodeNames = nodeNames ? nodeNames.intersection(result.nodeNames) : result.nodeNames;
      narrowing.push(plugin.name);
      if (nodeNames.size === 0) return finish({ plugin: '', rejection: unresolvable(nothingLeft(narrowing)) });
    }
  }
  return finish(rejected);
}

/** All filters on one node; with nominated pods of the same or a higher priority there, and also without them. */
export function filterNode(cycle: Cycle, node: NodeInfo): PluginRejection | undefined {
  const { snapshot, pod } = cycle;
  const nominated = snapshot.nominated.size === 0 ? undefined : snapshot.nominated.get(node.name);
  if (nominated !== undefined) {
    const ahead = nominated.filter((other) => other.priority >= pod.priority && other.uid !== pod.uid);
    if (ahead.length > 0) {
      let filters = cycle.filters;
      let crowded = node;
      for (const other of ahead) {
        filters = adjustFilters(filters, pod, { pod: other, node: crowded, sign: 1 });
        crowded = withPod(crowded, other);
      }
      const rejected = runFilters(filters, pod, crowded);
      if (rejected !== undefined) return rejected;
    }
  }
  return runFilters(cycle.filters, pod, node);
}

/** The node as the start of an imagined cluster in which pods come and go. */
export function imagineNode(cycle: Cycle, node: NodeInfo): ImaginedNode {
  const changed = (pod: PodInfo, sign: 1 | -1): ImaginedNode =>
    imagineNode(
      { ...cycle, filters: adjustFilters(cycle.filters, cycle.pod, { pod, node, sign }) },
      sign === 1 ? withPod(node, pod) : withoutPod(node, pod.uid),
    );
  return {
    node,
    with: (pod) => changed(pod, 1),
    without: (pod) => changed(pod, -1),
    rejection: () => filterNode(cycle, node)?.rejection,
  };
}

/** Runs a hook; what it throws is reported with the plugin's name. */
export function guarded<T>(what: string, hook: () => T): T {
  try {
    return hook();
  } catch (error) {
    throw failure(what, error);
  }
}

export async function guardedAsync<T>(what: string, hook: () => Promise<T>): Promise<T> {
  try {
    return await hook();
  } catch (error) {
    throw failure(what, error);
  }
}

function runFilters(filters: readonly ActiveFilter[], pod: PodInfo, node: NodeInfo): PluginRejection | undefined {
  let index = 0;
  try {
    for (; index < filters.length; index++) {
      const { plugin, state } = filters[index]!;
      const rejection = plugin.filter!(pod, node, state);
      if (rejection !== undefined) return { plugin: plugin.name, rejection };
    }
  } catch (error) {
    throw failure(`running "${filters[index]!.plugin.name}" filter plugin`, error);
  }
  return undefined;
}

function failure(what: string, cause: unknown): Error {
  return new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function adjustFilters(filters: readonly ActiveFilter[], pod: PodInfo, change: PodChange): readonly ActiveFilter[] {
  return filters.map((filter) =>
    filter.plugin.adjust ? { plugin: filter.plugin, state: filter.plugin.adjust(filter.state, pod, change) } : filter,
  );
}

function activeFilters(
  profile: Profile,
  states: ReadonlyMap<Plugin, unknown>,
  skipped: ReadonlySet<Plugin>,
): readonly ActiveFilter[] {
  return profile.at.filter
    .filter(({ plugin }) => !skipped.has(plugin))
    .map(({ plugin }) => ({ plugin, state: states.get(plugin) }));
}

function nothingLeft(plugins: readonly string[]): string {
  return plugins.length === 1
    ? `node(s) didn't satisfy plugin ${plugins[0]}`
    : `node(s) didn't satisfy plugin(s) [${[...plugins].sort().join(' ')}] simultaneously`;
}
