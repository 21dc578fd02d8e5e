import type { DeviceHost } from '../devices/device-host.ts';
import type { EnabledPlugin } from '../framework/profile.ts';
import type { Plugin } from '../framework/plugin.ts';
import { defaultBinder } from './default-binder.ts';
import { defaultPreemption, type DefaultPreemptionArgs } from './default-preemption.ts';
import { dynamicResources, type DynamicResourcesArgs } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity, type InterPodAffinityArgs } from './inter-pod-affinity.ts';
import { nodeAffinity, type NodeAffinityArgs } from './node-affinity.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import {
  nodeResourcesBalancedAllocation,
  type NodeResourcesBalancedAllocationArgs,
} from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit, type NodeResourcesFitArgs } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread, type PodTopologySpreadArgs } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding, type VolumeBindingArgs } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** Arguments of `pluginConfig`, by plugin name. */
export interface PluginArgs {
  readonly DefaultPreemption?: DefaultPreemptionArgs;
  readonly DynamicResources?: DynamicResourcesArgs;
  readonly InterPodAffinity?: InterPodAffinityArgs;
  readonly NodeAffinity?: NodeAffinityArgs;
  readonly NodeResourcesBalancedAllocation?: NodeResourcesBalancedAllocationArgs;
  readonly NodeResourcesFit?: NodeResourcesFitArgs;
  readonly PodTopologySpread?: PodTopologySpreadArgs;
  readonly VolumeBinding?: VolumeBindingArgs;
}

/** What a plugin may ask of the scheduler that runs it. */
export interface PluginHost {
  readonly isPreempting?: (uid: string) => boolean;
  /** Absent: a cluster without devices. */
  readonly devices?: DeviceHost;
}

/**
 * The plugins of the default profile, with their weights, in the order in which they run.
 *
 * Mirrors: pkg/scheduler/apis/config/v1/default_plugins.go (v1.36)
 */
export function defaultPlugins(args: PluginArgs = {}, host: PluginHost = {}): readonly EnabledPlugin[] {
  const plugins: readonly (readonly [Plugin, number?])[] = [
    [schedulingGates],
    [prioritySort],
    [nodeUnschedulable],
    [nodeName],
    [taintToleration, 3],
    [nodeAffinity(args.NodeAffinity), 2],
    [nodePorts],
    [nodeResourcesFit(args.NodeResourcesFit, host.devices?.classes), 1],
    [volumeRestrictions()],
    [nodeVolumeLimits],
    [volumeBinding(args.VolumeBinding)],
    [volumeZone],
    [podTopologySpread(args.PodTopologySpread), 2],
    [interPodAffinity(args.InterPodAffinity), 2],
    [dynamicResources(host.devices, args.DynamicResources), 2],
    [defaultPreemption(args.DefaultPreemption, host.isPreempting)],
    [nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation), 1],
    [imageLocality, 1],
    [defaultBinder],
    [nodeDeclaredFeatures],
  ];
  return plugins.map(([plugin, weight = 1]) => ({ plugin, weight }));
}
