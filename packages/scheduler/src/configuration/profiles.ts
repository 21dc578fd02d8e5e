import { durationToMs, type JsonValue } from '@kts/apimachinery';
import {
  EXTENSION_POINTS,
  hasHook,
  pluginTypeAt,
  profileOf,
  type ExtensionPoint,
  type Profile,
} from '../framework/profile.ts';
import type { Plugin } from '../framework/plugin.ts';
import { defaultPlugins, type PluginArgs, type PluginHost } from '../plugins/default-plugins.ts';
import { defaultConfiguration, type CompleteProfile } from './default-configuration.ts';
import type { KubeSchedulerConfiguration, PluginReference } from './kube-scheduler-configuration.ts';

/**
 * The profiles of a valid configuration, by scheduler name. Throws for plugins that do not exist, or not where they are
 * switched on.
 *
 * Mirrors: NewFramework and expandMultiPointPlugins in pkg/scheduler/framework/runtime/framework.go and
 * pkg/scheduler/profile/profile.go (v1.36)
 */
export function profilesOf(
  configuration: KubeSchedulerConfiguration,
  host: PluginHost = {},
): ReadonlyMap<string, Profile> {
  const { profiles, percentageOfNodesToScore: common, extenders = [] } = defaultConfiguration(configuration);
  const ignoredResources = extenders
    .flatMap(({ managedResources = [] }) => managedResources)
    .flatMap(({ name, ignoredByScheduler }) => (ignoredByScheduler ? [name] : []));
  return new Map(
    profiles.map((profile) => {
      const { schedulerName: name = '' } = profile;
      try {
        const percentage = profile.percentageOfNodesToScore ?? common;
        return [name, profileFrom(profile, percentage, ignoredResources, host)];
      } catch (error) {
        const what = `initializing profiles: creating profile for scheduler name ${name}`;
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}

function profileFrom(
  profile: CompleteProfile,
  percentageOfNodesToScore: number,
  ignoredResources: readonly string[],
  host: PluginHost,
): Profile {
  const name = profile.schedulerName ?? '';
  const all = defaultPlugins(pluginArgs(profile, ignoredResources), host);
  const plugins = new Map(all.map(({ plugin }) => [plugin.name, plugin]));
  const weights = weightsOf(profile);
  const entries = EXTENSION_POINTS.map((point) => {
    const enabled = pluginsAt(point, profile, plugins);
    return [point, enabled.map((plugin) => ({ plugin, weight: weights.get(plugin.name) || 1 }))];
  });
  const at = Object.fromEntries(entries) as Profile['at'];
  if (at.queueSort.length !== 1) {
    const count = at.queueSort.length === 0 ? 'no' : 'only one';
    throw new Error(`${count} queue sort plugin ${count === 'no' ? 'is' : 'can be'} enabled`);
  }
  if (at.bind.length === 0) throw new Error('at least one bind plugin is needed');
  return profileOf(name, all, { percentageOfNodesToScore }, at);
}

/** Where a plugin is switched on for the point itself, that counts and not what is said for all points. */
function pluginsAt(
  point: ExtensionPoint,
  { plugins: sets }: CompleteProfile,
  plugins: ReadonlyMap<string, Plugin>,
): readonly Plugin[] {
  const { enabled = [], disabled = [] } = sets[point] ?? {};
  const own = enabled.map(({ name }) => {
    const plugin = existing(name, point, plugins);
    if (!hasHook(plugin, point)) throw new Error(`plugin "${name}" does not extend ${pluginTypeAt(point)} plugin`);
    return plugin;
  });
  const repeated = own.find((plugin, index) => own.indexOf(plugin) !== index);
  if (repeated) throw new Error(`plugin "${repeated.name}" already registered as "${pluginTypeAt(point)}"`);
  const off = new Set(disabled.map(({ name }) => name));
  if (off.has('*')) return own;
  const common: Plugin[] = [];
  for (const { name } of sets.multiPoint?.enabled ?? []) {
    const plugin = existing(name, point, plugins);
    if (!hasHook(plugin, point) || off.has(name)) continue;
    if (common.includes(plugin)) throw new Error(`plugin "${name}" already registered as "${pluginTypeAt(point)}"`);
    common.push(plugin);
  }
  return [
    ...own.filter((plugin) => common.includes(plugin)),
    ...common.filter((plugin) => !own.includes(plugin)),
    ...own.filter((plugin) => !common.includes(plugin)),
  ];
}

function existing(name: string, point: ExtensionPoint, plugins: ReadonlyMap<string, Plugin>): Plugin {
  const plugin = plugins.get(name);
  if (plugin === undefined) throw new Error(`${pluginTypeAt(point)} "${name}" does not exist`);
  return plugin;
}

function weightsOf({ plugins: { score, multiPoint } }: CompleteProfile): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  const references: readonly PluginReference[] = [...(score?.enabled ?? []), ...(multiPoint?.enabled ?? [])];
  for (const { name, weight } of references) if (!weights.has(name)) weights.set(name, weight || 1);
  return weights;
}

/** @param ignoredResources those that extenders take care of. */
function pluginArgs({ pluginConfig }: CompleteProfile, ignoredResources: readonly string[]): PluginArgs {
  const all = new Map(pluginConfig.map(({ name, args = {} }) => [name, args]));
  const spread = all.get('PodTopologySpread') ?? {};
  const devices = all.get('DynamicResources') ?? {};
  return {
    ...Object.fromEntries(all),
    NodeResourcesFit: {
      ...all.get('NodeResourcesFit'),
      ...(ignoredResources.length > 0 && { ignoredResources }),
    },
    PodTopologySpread:
      spread['defaultingType'] === 'List' ? { defaultConstraints: (spread['defaultConstraints'] ?? []) as never } : {},
    DynamicResources: {
      ...milliseconds('filterTimeoutMs', devices['filterTimeout']),
      ...milliseconds('bindingTimeoutMs', devices['bindingTimeout']),
    },
  };
}

function milliseconds<K extends string>(name: K, duration: JsonValue | undefined): { readonly [P in K]?: number } {
  return (duration === undefined ? {} : { [name]: durationToMs(duration as string) }) as { readonly [P in K]?: number };
}
