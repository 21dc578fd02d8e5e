import type { BindingPlan, PluginRefusal } from './binding-cycle.ts';
import { fitMessage } from './framework/diagnosis.ts';
import { NodeRejections } from './framework/node-rejections.ts';
import { unresolvable } from './framework/plugin.ts';

/** Why a pod is not scheduled, for its condition, its event and the queue. */
export interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly rejectors: ReadonlySet<string>;
  readonly nominatedNode?: string;
}

const NO_PLUGINS: ReadonlySet<string> = new Set();

export function failureOf(message: string): Failure {
  return { reason: 'SchedulerError', message, rejectors: NO_PLUGINS, nominatedNode: '' };
}

export function failureFrom(problem: unknown): Failure {
  return failureOf(problem instanceof Error ? problem.message : String(problem));
}

/** A refusal of the chosen node is told as if it were the only one. */
export function refused({ node }: BindingPlan, { plugin, rejection }: PluginRefusal): Failure {
  const rejections = new NodeRejections([[node, rejection]]);
  const rejectors = new Set([plugin]);
  const message = fitMessage({ nodeCount: 1, rejections, others: unresolvable(), unschedulablePlugins: rejectors });
  return { reason: 'Unschedulable', message, rejectors, nominatedNode: '' };
}
