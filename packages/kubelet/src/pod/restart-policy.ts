import type { ContainerRestartRule, Pod, PodSpec } from '@kts/api/types/core-v1';
import type { AnyContainer } from './containers.ts';

/**
 * Whether a container that ended runs again: its own rules first, then its own policy, then the pod's policy.
 *
 * Mirrors: pkg/api/v1/pod/util.go (v1.36)
 */
export function shouldContainerRestart(container: AnyContainer, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    if (matchingRestartRule(container, exitCode) !== undefined) return true;
    if (container.restartPolicy === 'Always') return true;
    return container.restartPolicy === 'OnFailure' && exitCode !== 0;
  }
  if (spec.restartPolicy === 'Never') return false;
  return spec.restartPolicy !== 'OnFailure' || exitCode !== 0;
}

export function matchingRestartRule(container: AnyContainer, exitCode: number): ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find((rule) => {
    if (!rule.exitCodes) return false;
    const listed = rule.exitCodes.values?.includes(exitCode) ?? false;
    if (rule.exitCodes.operator === 'In') return listed;
    return rule.exitCodes.operator === 'NotIn' && !listed;
  });
}

/** The container ended in a way that restarts every container of the pod in place. */
export function restartsAllContainers(container: AnyContainer, exitCode: number): boolean {
  return matchingRestartRule(container, exitCode)?.action === 'RestartAllContainers';
}

/** Some exit code of some container restarts the whole pod in place. */
export function allContainersCouldRestart(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some((container) =>
    container.restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'),
  );
}

/** Some end of the container may make it run again. */
export function isContainerRestartable(container: AnyContainer, spec: PodSpec): boolean {
  if (container.restartPolicy === undefined) return spec.restartPolicy !== 'Never';
  return (
    container.restartPolicy !== 'Never' ||
    (container.restartPolicyRules?.some((rule) => rule.action === 'Restart') ?? false)
  );
}

export function restartsOnFailure(pod: Pod): boolean {
  return pod.spec.restartPolicy !== 'Never';
}
