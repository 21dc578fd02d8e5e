/**
 * What a definition's status should say: which names it has got, and whether it is served. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,apiapproval} (v1.36)
 * Differs: a definition is established in the same write that accepts its names.
 */
import { deepEqual } from '@kts/apimachinery';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '@kts/api/types/apiextensions-v1';

import { apiApproval, isProtectedGroup } from './definition/api-approval.ts';
import { caBundleProblem } from './definition/ca-bundle.ts';

type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>;

/** The status as it should be, or undefined if it is so. `others` are the other definitions of the group. */
export function planDefinitionStatus(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus | undefined {
  let status = crd.status ?? {};
  const approval = approvalCondition(crd);
  if (approval) status = withCondition(status, approval, now);
  if (!deepEqual(crd.spec.names, status.acceptedNames)) {
    const { names, problem } = planNames(crd, others);
    status = { ...status, acceptedNames: names };
    status = withCondition(status, namesCondition(problem), now);
    if (!conditionOf(status, 'Established')) status = withCondition(status, NOT_ESTABLISHED, now);
  }
  if (isTrue(status, 'NamesAccepted') && !isTrue(status, 'Established')) {
    status = withCondition(status, establishedCondition(crd), now);
  }
  return deepEqual(status, crd.status ?? {}) ? undefined : status;
}

export function conditionOf(
  status: CustomResourceDefinitionStatus | undefined,
  type: string,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

export function isTrue(status: CustomResourceDefinitionStatus | undefined, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/** The time changes with the condition's status only. */
export function withCondition(
  status: CustomResourceDefinitionStatus,
  condition: Condition,
  now: string,
): CustomResourceDefinitionStatus {
  const conditions = status.conditions ?? [];
  const old = conditions.find(({ type }) => type === condition.type);
  if (!old) return { ...status, conditions: [...conditions, { ...condition, lastTransitionTime: now }] };
  const kept = old.status === condition.status ? old.lastTransitionTime : undefined;
  const changed = { ...old, ...condition, lastTransitionTime: kept ?? now };
  return { ...status, conditions: conditions.map((one) => (one === old ? changed : one)) };
}

const NOT_ESTABLISHED: Condition = {
  type: 'Established',
  status: 'False',
  reason: 'NotAccepted',
  message: 'not all names are accepted',
};

function establishedCondition({ spec }: CustomResourceDefinition): Condition {
  const caBundle = spec.conversion?.webhook?.clientConfig?.caBundle;
  if (caBundle && caBundleProblem(caBundle) !== undefined) {
    const message = 'The conversion webhook CABundle is invalid';
    return { type: 'Established', status: 'False', reason: 'InvalidCABundle', message };
  }
  const message = 'the initial names have been accepted';
  return { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message };
}

function namesCondition(problem: NameProblem | undefined): Condition {
  const type = 'NamesAccepted';
  if (problem) return { type, status: 'False', ...problem };
  return { type, status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
}

interface NameProblem {
  readonly reason: string;
  readonly message: string;
}

/** Names that somebody else has stay as they were; of several problems the last one is told. */
function planNames(
  { spec, status }: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { readonly names: CustomResourceDefinitionNames; readonly problem?: NameProblem } {
  const accepted: Partial<CustomResourceDefinitionNames> = status?.acceptedNames ?? {};
  const taken = others.map((other) => other.status?.acceptedNames).filter((names) => names !== undefined);
  const resources = new Set(
    taken.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]));
  const wanted = spec.names;
  const names: Record<string, unknown> = { ...accepted };
  let problem: NameProblem | undefined;
  const settle = (field: keyof CustomResourceDefinitionNames, used: ReadonlySet<unknown>, reason: string): void => {
    const conflicts = [wanted[field] ?? []].flat().filter((name) => {
      const own = [accepted[field] ?? []].flat().includes(name);
      return !own && used.has(name);
    });
    if (conflicts.length > 0) problem = { reason, message: aggregate(conflicts) };
    else if (wanted[field] === undefined) delete names[field];
    else names[field] = wanted[field];
  };
  settle('plural', resources, 'PluralConflict');
  settle('singular', resources, 'SingularConflict');
  settle('shortNames', resources, 'ShortNamesConflict');
  settle('kind', kinds, 'KindConflict');
  settle('listKind', kinds, 'ListKindConflict');
  if (wanted.categories) names['categories'] = wanted.categories;
  else delete names['categories'];
  const settled = { plural: '', kind: '', ...names };
  return { names: settled, ...(problem ? { problem } : {}) };
}

function aggregate(conflicts: readonly string[]): string {
  const texts = conflicts.map((name) => `${JSON.stringify(name)} is already in use`);
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

const APPROVAL_REASONS = {
  invalid: ['False', 'InvalidAnnotation'],
  missing: ['False', 'MissingAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
} as const;

function approvalCondition({ spec, metadata }: CustomResourceDefinition): Condition | undefined {
  if (!isProtectedGroup(spec.group)) return undefined;
  const { state, reason: message } = apiApproval(metadata.annotations);
  const [status, reason] = APPROVAL_REASONS[state];
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message };
}
