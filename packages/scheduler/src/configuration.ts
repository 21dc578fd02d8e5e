import {
  FieldPath,
  invalid,
  notSupported,
  required,
  duplicate,
  type FieldError,
  type JsonObject,
  type JsonValue,
} from '@kts/apimachinery';
import {
  EXTENSION_POINTS,
  hasHook,
  profileOf,
  type EnabledPlugin,
  type ExtensionPoint,
  type Profile,
} from './framework/profile.ts';
import { defaultPlugins, type PluginArgs, type PluginHost } from './plugins/default-plugins.ts';

/**
 * The part of `kubescheduler.config.k8s.io/v1` KubeSchedulerConfiguration that the scheduler understands. Other fields
 * are accepted and have no effect.
 *
 * Mirrors: staging/src/k8s.io/kube-scheduler/config/v1/types.go (v1.36)
 * Differs: no extenders.
 */
export interface KubeSchedulerConfiguration {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly leaderElection?: { readonly leaderElect?: boolean };
  readonly percentageOfNodesToScore?: number;
  /** Default 1. */
  readonly podInitialBackoffSeconds?: number;
  /** Default 10. */
  readonly podMaxBackoffSeconds?: number;
  /** Default: one for `default-scheduler`. */
  readonly profiles?: readonly ProfileConfiguration[];
}

export interface ProfileConfiguration {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Readonly<Partial<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args?: JsonObject }[];
}

export interface PluginSet {
  readonly enabled?: readonly { readonly name: string; readonly weight?: number }[];
  /** `*` stands for all. */
  readonly disabled?: readonly { readonly name: string }[];
}

export const DEFAULT_SCHEDULER_NAME = 'default-scheduler';
const API_VERSION = 'kubescheduler.config.k8s.io/v1';
const KIND = 'KubeSchedulerConfiguration';

export function validateConfiguration(configuration: KubeSchedulerConfiguration): readonly FieldError[] {
  const errors: FieldError[] = [];
  const at = (...names: readonly string[]): FieldPath => FieldPath.of(...names);
  if (configuration.apiVersion !== undefined && configuration.apiVersion !== API_VERSION) {
    errors.push(notSupported(at('apiVersion'), configuration.apiVersion, [API_VERSION]));
  }
  if (configuration.kind !== undefined && configuration.kind !== KIND) {
    errors.push(notSupported(at('kind'), configuration.kind, [KIND]));
  }
  errors.push(...validatePercentage(at('percentageOfNodesToScore'), configuration.percentageOfNodesToScore));
  const { podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: max = 10 } = configuration;
  if (initial <= 0) errors.push(invalid(at('podInitialBackoffSeconds'), initial, 'must be greater than 0'));
  if (max < initial) {
    errors.push(invalid(at('podMaxBackoffSeconds'), max, 'must be greater than or equal to PodInitialBackoffSeconds'));
  }
  const names = new Set<string>();
  for (const [index, profile] of (configuration.profiles ?? []).entries()) {
    const path = at('profiles').index(index);
    const name = profile.schedulerName ?? DEFAULT_SCHEDULER_NAME;
    if (name === '') errors.push(required(path.child('schedulerName')));
    if (names.has(name)) errors.push(duplicate(path.child('schedulerName'), name));
    names.add(name);
    errors.push(...validatePercentage(path.child('percentageOfNodesToScore'), profile.percentageOfNodesToScore));
    errors.push(...validatePluginNames(path, profile));
  }
  return errors;
}

/** The profiles by scheduler name. The configuration must be valid. */
export function profilesOf(
  configuration: KubeSchedulerConfiguration,
  host: PluginHost = {},
): ReadonlyMap<string, Profile> {
  const profiles = configuration.profiles ?? [{ schedulerName: DEFAULT_SCHEDULER_NAME }];
  return new Map(
    profiles.map((profile) => {
      const name = profile.schedulerName ?? DEFAULT_SCHEDULER_NAME;
      const all = defaultPlugins(pluginArgs(profile), host);
      const percentage = profile.percentageOfNodesToScore ?? configuration.percentageOfNodesToScore;
      const options = percentage === undefined ? {} : { percentageOfNodesToScore: percentage };
      return [name, profileOf(name, all, options, pluginsAt(profile, all))];
    }),
  );
}

/** Scoring weights and switches of each extension point: its own settings win over those for all points. */
function pluginsAt({ plugins = {} }: ProfileConfiguration, all: readonly EnabledPlugin[]): Profile['at'] {
  const everywhere = enabledEverywhere(plugins.multiPoint, all);
  const entries = EXTENSION_POINTS.map((point) => {
    const { enabled = [], disabled = [] } = plugins[point] ?? {};
    const own = enabled.flatMap(({ name, weight }) => {
      const found = all.find(({ plugin }) => plugin.name === name && hasHook(plugin, point));
      const common = everywhere.find(({ plugin }) => plugin === found?.plugin);
      return found ? [{ plugin: found.plugin, weight: weight || (common ?? found).weight }] : [];
    });
    const isOwn = ({ plugin }: EnabledPlugin): boolean => own.some((other) => other.plugin === plugin);
    const isCommon = ({ plugin }: EnabledPlugin): boolean => everywhere.some((other) => other.plugin === plugin);
    const rest = everywhere.filter(
      (entry) => hasHook(entry.plugin, point) && !isOwn(entry) && !isListed(disabled, entry),
    );
    return [point, [...own.filter(isCommon), ...rest, ...own.filter((entry) => !isCommon(entry))]];
  });
  return Object.fromEntries(entries) as Profile['at'];
}

function enabledEverywhere(
  { enabled = [], disabled = [] }: PluginSet = {},
  all: readonly EnabledPlugin[],
): readonly EnabledPlugin[] {
  const weightOf = ({ plugin, weight }: EnabledPlugin): EnabledPlugin => ({
    plugin,
    weight: enabled.find(({ name }) => name === plugin.name)?.weight || weight,
  });
  const kept = all.filter((entry) => !isListed(disabled, entry)).map(weightOf);
  const added = enabled
    .flatMap(({ name }) => all.find(({ plugin }) => plugin.name === name) ?? [])
    .filter((entry) => isListed(disabled, entry))
    .map(weightOf);
  return [...kept, ...added];
}

function isListed(disabled: NonNullable<PluginSet['disabled']>, { plugin }: EnabledPlugin): boolean {
  return disabled.some(({ name }) => name === '*' || name === plugin.name);
}

function pluginArgs({ pluginConfig = [] }: ProfileConfiguration): PluginArgs {
  const args: Record<string, JsonValue> = Object.fromEntries(
    pluginConfig.map((entry) => [entry.name, entry.args ?? {}]),
  );
  const spread = args['PodTopologySpread'] as JsonObject | undefined;
  if (spread !== undefined) {
    const isList = spread['defaultingType'] === 'List';
    args['PodTopologySpread'] = isList ? { defaultConstraints: spread['defaultConstraints'] ?? [] } : {};
  }
  return args;
}

function validatePercentage(path: FieldPath, percentage = 0): readonly FieldError[] {
  const fine = Number.isInteger(percentage) && percentage >= 0 && percentage <= 100;
  return fine ? [] : [invalid(path, percentage, 'not in valid range [0-100]')];
}

function validatePluginNames(path: FieldPath, profile: ProfileConfiguration): readonly FieldError[] {
  const known = defaultPlugins().map(({ plugin }) => plugin.name);
  const errors: FieldError[] = [];
  for (const [point, { enabled = [] }] of Object.entries(profile.plugins ?? {})) {
    for (const [index, { name }] of enabled.entries()) {
      const field = path.child('plugins', point, 'enabled').index(index);
      if (!known.includes(name)) errors.push(notSupported(field, name, known));
    }
  }
  return errors;
}
