export { parseSchedulerFlags, readConfiguration, type SchedulerFlags } from './command-line.ts';
export { decodeConfiguration } from './configuration/decode-configuration.ts';
export { defaultConfiguration, type CompleteConfiguration } from './configuration/default-configuration.ts';
export {
  DEFAULT_SCHEDULER_NAME,
  type KubeSchedulerConfiguration,
  type PluginSet,
  type ProfileConfiguration,
} from './configuration/kube-scheduler-configuration.ts';
export { profilesOf } from './configuration/profiles.ts';
export { validateConfiguration } from './configuration/validate-configuration.ts';
export { ClaimTracker } from './devices/claim-tracker.ts';
export { DeviceClasses } from './devices/device-classes.ts';
export type { DeviceHost } from './devices/device-host.ts';
export { DeviceSelectors } from './devices/device-selectors.ts';
export type { Binding } from './framework/binding.ts';
export { ClusterCache } from './framework/cluster-cache.ts';
export type { ClusterEvent, EventObjects, QueueingHint } from './framework/cluster-event.ts';
export type { NodeInfo } from './framework/node-info.ts';
export { NodeList } from './framework/node-list.ts';
export {
  SKIP,
  unresolvable,
  unschedulable,
  type FailedCycle,
  type Plugin,
  type PodChange,
  type PostFilterResult,
  type PreFilterResult,
  type PreScoreResult,
  type QueuedPod,
  type Rejection,
} from './framework/plugin.ts';
export { podInfoOf, type PodInfo } from './framework/pod-info.ts';
export { profileOf, type EnabledPlugin, type Profile } from './framework/profile.ts';
export { scheduleOne, type Decision } from './framework/schedule-one.ts';
export type { Lister, Listers, Snapshot } from './framework/snapshot.ts';
export { defaultPlugins, type PluginArgs } from './plugins/default-plugins.ts';
export { createScheduler, type SchedulerComponent, type SchedulerDeps } from './scheduler.ts';
