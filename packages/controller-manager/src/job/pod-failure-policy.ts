/**
 * What a Job's pod failure policy makes of a failed pod.
 *
 * Mirrors: pkg/controller/job/pod_failure_policy.go (v1.36)
 */
import type {
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '@kts/api/types/batch-v1';
import type { ContainerStatus, Pod } from '@kts/api/types/core-v1';

export interface FailureVerdict {
  /** Absent: no rule matches. */
  readonly action?: PodFailurePolicyRule['action'];
  /** The failure counts against the back-off limit. */
  readonly counts: boolean;
  /** Why the whole Job fails; only of the action FailJob. */
  readonly message?: string;
}

/** The first rule that matches decides. */
export function judgeFailedPod(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const cause = rule.onExitCodes ? exitCause(pod, rule.onExitCodes) : conditionCause(pod, rule);
    if (cause === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { action: rule.action, counts: false };
      case 'FailIndex':
      case 'Count':
        return { action: rule.action, counts: true };
      case 'FailJob':
        return { action: rule.action, counts: true, message: `${cause} matching FailJob rule at index ${index}` };
    }
  }
  return { counts: true };
}

function exitCause(pod: Pod, requirement: PodFailurePolicyOnExitCodesRequirement): string | undefined {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const matching = statuses.find((status) => exitCodeMatches(status, requirement));
  if (!matching) return undefined;
  const { namespace, name } = pod.metadata;
  const exitCode = matching.state?.terminated?.exitCode;
  return `Container ${matching.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`;
}

function exitCodeMatches(status: ContainerStatus, requirement: PodFailurePolicyOnExitCodesRequirement): boolean {
  const exitCode = status.state?.terminated?.exitCode ?? 0;
  if (exitCode === 0) return false;
  if (requirement.containerName !== undefined && requirement.containerName !== status.name) return false;
  return requirement.values.includes(exitCode) === (requirement.operator === 'In');
}

function conditionCause(pod: Pod, rule: PodFailurePolicyRule): string | undefined {
  const matching = pod.status?.conditions?.find((condition) =>
    rule.onPodConditions?.some(({ type, status }) => type === condition.type && status === condition.status),
  );
  const { namespace, name } = pod.metadata;
  return matching && `Pod ${namespace}/${name} has condition ${matching.type}`;
}
