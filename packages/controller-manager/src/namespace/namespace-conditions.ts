/**
 * What a namespace that goes away tells about it.
 *
 * Mirrors: pkg/controller/namespace/deletion/status_condition_utils.go (v1.36)
 */
import type { NamespaceCondition, NamespaceStatus } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

/** What is left of one resource. */
export interface Remaining {
  /** `pods.`, `deployments.apps`: the group always follows the dot. */
  readonly resource: string;
  readonly count: number;
  readonly finalizers: Readonly<Record<string, number>>;
}

export interface DeletionOutcome {
  readonly discoveryError?: string | undefined;
  /** One for each resource that could not be deleted. */
  readonly errors: readonly string[];
  /** Undefined as long as only pods were looked at. */
  readonly remaining?: readonly Remaining[];
}

type Told = readonly [reason: string, message: string];

const ALL_WELL: readonly (readonly [type: string, ...Told])[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
];

/** The status after a try to delete everything; the same object if nothing changes. */
export function withDeletionConditions(
  status: NamespaceStatus,
  outcome: DeletionOutcome,
  now: number,
): NamespaceStatus {
  const problems = problemsOf(outcome);
  let conditions = status.conditions ?? [];
  for (const [type, reason, message] of ALL_WELL) {
    const problem = problems.get(type);
    const told = problem ?? [reason, message];
    conditions = withCondition(conditions, type, problem ? 'True' : 'False', told, now);
  }
  return deepEqual(conditions, status.conditions ?? []) ? status : { ...status, conditions };
}

function problemsOf({ discoveryError, errors, remaining = [] }: DeletionOutcome): ReadonlyMap<string, Told> {
  const problems = new Map<string, Told>();
  if (discoveryError) problems.set('NamespaceDeletionDiscoveryFailure', ['DiscoveryFailed', discoveryError]);
  if (errors.length > 0) {
    const text = `Failed to delete all resource types, ${errors.length} remaining: ${errors.toSorted(compare).join(', ')}`;
    problems.set('NamespaceDeletionContentFailure', ['ContentDeletionFailed', text]);
  }
  const left = remaining.filter(({ count }) => count > 0);
  if (left.length > 0) {
    const texts = left.map(({ resource, count }) => `${resource} has ${count} resource instances`);
    const text = `Some resources are remaining: ${texts.toSorted(compare).join(', ')}`;
    problems.set('NamespaceContentRemaining', ['SomeResourcesRemain', text]);
  }
  const finalizers = new Map<string, number>();
  for (const { finalizers: ofResource } of left) {
    for (const [name, count] of Object.entries(ofResource)) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  if (finalizers.size > 0) {
    const texts = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
    const text = `Some content in the namespace has finalizers remaining: ${texts.toSorted(compare).join(', ')}`;
    problems.set('NamespaceFinalizersRemaining', ['SomeFinalizersRemain', text]);
  }
  return problems;
}

function withCondition(
  conditions: readonly NamespaceCondition[],
  type: string,
  status: 'True' | 'False',
  [reason, message]: Told,
  now: number,
): readonly NamespaceCondition[] {
  const old = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : formatTime(now);
  const condition = { type, status, ...(lastTransitionTime ? { lastTransitionTime } : {}), reason, message };
  return old ? conditions.map((each) => (each === old ? condition : each)) : [...conditions, condition];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
