import {
  duplicate,
  durationToMs,
  FieldPath,
  invalid,
  isQualifiedName,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { EXTENSION_POINTS } from '../framework/profile.ts';
import { isExtendedResource } from '../framework/resources.ts';
import type { CompleteConfiguration, CompleteProfile } from './default-configuration.ts';
import type {
  ClientConnectionConfiguration,
  ExtenderConfiguration,
  LeaderElectionConfiguration,
} from './kube-scheduler-configuration.ts';
import { validatePluginArgs } from './validate-plugin-args.ts';

/**
 * Mirrors: pkg/scheduler/apis/config/validation/validation.go and
 * staging/src/k8s.io/component-base/config/validation/validation.go (v1.36)
 */
export function validateConfiguration(configuration: CompleteConfiguration): readonly FieldError[] {
  const { parallelism, profiles, podInitialBackoffSeconds: initial, podMaxBackoffSeconds: max } = configuration;
  const at = (name: string): FieldPath => FieldPath.of(name);
  const errors: FieldError[] = [
    ...validateClientConnection(at('clientConnection'), configuration.clientConnection),
    ...validateLeaderElection(at('leaderElection'), configuration.leaderElection),
  ];
  if (parallelism <= 0) {
    errors.push(invalid(at('parallelism'), parallelism, 'should be an integer value greater than zero'));
  }
  errors.push(...validateProfiles(at('profiles'), profiles));
  errors.push(...validatePercentage(at('percentageOfNodesToScore'), configuration.percentageOfNodesToScore));
  if (initial <= 0) errors.push(invalid(at('podInitialBackoffSeconds'), initial, 'must be greater than 0'));
  if (max < initial) {
    errors.push(invalid(at('podMaxBackoffSeconds'), max, 'must be greater than or equal to PodInitialBackoffSeconds'));
  }
  return [...errors, ...validateExtenders(at('extenders'), configuration.extenders ?? [])];
}

/** As one text: the error, or all of them in brackets. */
export function fieldErrorsText(errors: readonly FieldError[]): string {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function validateClientConnection(
  path: FieldPath,
  { burst = 0 }: ClientConnectionConfiguration,
): readonly FieldError[] {
  return burst < 0 ? [invalid(path.child('burst'), burst, 'must be non-negative')] : [];
}

function validateLeaderElection(
  path: FieldPath,
  election: Required<LeaderElectionConfiguration>,
): readonly FieldError[] {
  if (!election.leaderElect) return [];
  const errors: FieldError[] = [];
  for (const name of ['leaseDuration', 'renewDeadline', 'retryPeriod'] as const) {
    if (durationToMs(election[name]) <= 0) {
      errors.push(invalid(path.child(name), election[name], 'must be greater than zero'));
    }
  }
  if (durationToMs(election.leaseDuration) <= durationToMs(election.renewDeadline)) {
    const detail = 'must be greater than `RenewDeadline`';
    errors.push(invalid(path.child('leaseDuration'), election.renewDeadline, detail));
  }
  if (election.resourceLock !== 'leases') {
    errors.push(invalid(path.child('resourceLock'), election.resourceLock, 'resourceLock value must be "leases"'));
  }
  return errors;
}

function validateProfiles(path: FieldPath, profiles: readonly CompleteProfile[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const known = new Map<string, number>();
  for (const [index, profile] of profiles.entries()) {
    const own = path.index(index);
    const { schedulerName: name = '' } = profile;
    if (name === '') errors.push(required(own.child('schedulerName')));
    errors.push(...validatePercentage(own.child('percentageOfNodesToScore'), profile.percentageOfNodesToScore));
    errors.push(...validatePlugins(own, profile));
    const before = known.get(name);
    if (before !== undefined) {
      errors.push(duplicate(own.child('schedulerName'), path.index(before).child('schedulerName').toString()));
    }
    known.set(name, index);
  }
  return [...errors, ...validateQueueSort(path, profiles)];
}

const REMOVED_PLUGINS = ['AzureDiskLimits', 'CinderLimits', 'EBSLimits', 'GCEPDLimits'];
const REMOVED =
  'was invalid in version "kubescheduler.config.k8s.io/v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")';

function validatePlugins(path: FieldPath, { plugins, pluginConfig }: CompleteProfile): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const point of EXTENSION_POINTS) {
    for (const [index, { name }] of (plugins[point]?.enabled ?? []).entries()) {
      if (!REMOVED_PLUGINS.includes(name)) continue;
      errors.push(invalid(path.child('plugins', point, 'enabled').index(index), name, REMOVED));
    }
  }
  const seen = new Set<string>();
  for (const [index, { name, args }] of pluginConfig.entries()) {
    const own = path.child('pluginConfig').index(index);
    if (seen.has(name)) errors.push(duplicate(own, name));
    seen.add(name);
    if (REMOVED_PLUGINS.includes(name)) errors.push(invalid(own, name, REMOVED));
    else errors.push(...validatePluginArgs(own.child('args'), name, args ?? {}));
  }
  return errors;
}

/** Pods of all profiles wait in one queue. */
function validateQueueSort(path: FieldPath, profiles: readonly CompleteProfile[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const sortOf = ({ plugins }: CompleteProfile): object => plugins.queueSort ?? {};
  const [first] = profiles;
  const count = first?.plugins.queueSort?.enabled?.length ?? 0;
  if (count > 1) {
    const detail = 'only one queue sort plugin can be enabled';
    errors.push(invalid(path.index(0).child('plugins', 'queueSort', 'Enabled'), count, detail));
  }
  for (const [index, profile] of profiles.entries()) {
    if (JSON.stringify(sortOf(profile)) === JSON.stringify(sortOf(first!))) continue;
    const detail = 'must be the same for all profiles';
    errors.push(invalid(path.index(index).child('plugins', 'queueSort'), sortOf(profile), detail));
  }
  return errors;
}

function validatePercentage(path: FieldPath, percentage = 0): readonly FieldError[] {
  const fine = percentage >= 0 && percentage <= 100;
  return fine ? [] : [invalid(path, percentage, 'not in valid range [0-100]')];
}

function validateExtenders(path: FieldPath, extenders: readonly ExtenderConfiguration[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const managed = new Set<string>();
  for (const [index, { prioritizeVerb, weight = 0, managedResources = [] }] of extenders.entries()) {
    const own = path.index(index);
    if (prioritizeVerb && weight <= 0) {
      errors.push(invalid(own.child('weight'), weight, 'must have a positive weight applied to it'));
    }
    for (const [number, { name }] of managedResources.entries()) {
      const field = own.child('managedResources').index(number).child('name');
      errors.push(...validateResourceName(field, name));
      if (managed.has(name)) errors.push(invalid(field, name, 'duplicate extender managed resource name'));
      managed.add(name);
    }
  }
  const binders = extenders.filter(({ bindVerb }) => bindVerb).length;
  if (binders > 1) {
    errors.push(invalid(path, `found ${binders} extenders implementing bind`, 'only one extender can implement bind'));
  }
  return errors;
}

function validateResourceName(path: FieldPath, name: string): readonly FieldError[] {
  const problems = isQualifiedName(name);
  if (problems.length > 0) return problems.map((problem) => invalid(path, name, problem));
  return isExtendedResource(name) ? [] : [invalid(path, name, 'is an invalid extended resource name')];
}
