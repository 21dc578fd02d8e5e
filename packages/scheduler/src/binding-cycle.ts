import type { Binding } from './framework/binding.ts';
import { guarded, guardedAsync, type Cycle } from './framework/cycle.ts';
import type { Extender } from './framework/extender.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { Plugin, Rejection } from './framework/plugin.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { ExtensionPoint, Profile } from './framework/profile.ts';

/**
 * Carries out what a scheduling cycle has decided.
 *
 * Mirrors: the binding cycle in pkg/scheduler/schedule_one.go (v1.36)
 */
export interface BindingPlan {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  readonly cycle: Cycle;
  readonly profile: Profile;
}

export interface PluginRefusal {
  readonly plugin: string;
  readonly rejection: Rejection;
}

/** Claims everything the pod will use. After a refusal, or if it throws, `unreservePlan` has to follow. */
export function reservePlan(plan: BindingPlan, binding: Binding): PluginRefusal | undefined {
  for (const [plugin, state] of active(plan, 'reserve')) {
    const rejection = guarded(`running Reserve plugin "${plugin.name}"`, () =>
      plugin.reserve!(plan.pod, plan.node, state, binding),
    );
    if (rejection !== undefined) return { plugin: plugin.name, rejection };
  }
  return undefined;
}

/** Gives back what was claimed; what is only in memory at once. */
export async function unreservePlan(plan: BindingPlan, binding: Binding): Promise<void> {
  const undoing = active(plan, 'reserve')
    .reverse()
    .map(([plugin, state]) => Promise.resolve(plugin.unreserve?.(plan.pod, plan.node, state, binding)));
  await Promise.all(undoing);
}

/** Whether the binding will take a while, so that the pod should be nominated meanwhile. */
export function takesLong(plan: BindingPlan): boolean {
  return active(plan, 'preBind').some(([plugin, state]) => plugin.needsPreBind?.(plan.pod, plan.node, state) ?? true);
}

/** Binds the pod. A refusal comes from `permit`; everything else that goes wrong is thrown. */
export async function runBindingCycle(
  plan: BindingPlan,
  binding: Binding,
  extenders: readonly Extender[] = [],
): Promise<PluginRefusal | undefined> {
  const { pod, node, profile } = plan;
  for (const [plugin, state] of active(plan, 'permit')) {
    const rejection = await plugin.permit!(pod, node, state, binding);
    if (rejection !== undefined) return { plugin: plugin.name, rejection };
  }
  for (const [plugin, state] of active(plan, 'preBind')) {
    const what = `running PreBind plugin "${plugin.name}"`;
    await guardedAsync(what, () => plugin.preBind!(pod, node, state, binding));
  }
  if (!(await bindByExtender(plan, extenders))) {
    const binder = profile.at.bind[0]?.plugin;
    if (binder) await guardedAsync(`running Bind plugin "${binder.name}"`, () => binder.bind!(pod, node, binding));
  }
  for (const { plugin } of profile.at.postBind) plugin.postBind!(pod, node, binding);
  return undefined;
}

/** Whether an extender has bound the pod. */
async function bindByExtender({ pod: { pod }, node }: BindingPlan, extenders: readonly Extender[]): Promise<boolean> {
  for (const { bind, ignorable, isInterested } of extenders) {
    if (bind === undefined || !isInterested(pod)) continue;
    try {
      await bind(pod, node.name);
      return true;
    } catch (error) {
      if (!ignorable) throw error;
    }
  }
  return false;
}

/** The plugins of the point, without those that had nothing to do with this pod. */
function active({ cycle, profile }: BindingPlan, point: ExtensionPoint): (readonly [Plugin, unknown])[] {
  return profile.at[point]
    .filter(({ plugin }) => plugin.preFilter === undefined || cycle.states.has(plugin))
    .map(({ plugin }) => [plugin, cycle.states.get(plugin)] as const);
}
