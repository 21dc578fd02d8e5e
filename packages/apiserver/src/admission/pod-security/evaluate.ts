/**
 * Which checks a level asks for in a version, and what they find.
 *
 * Mirrors: staging/src/k8s.io/pod-security-admission/policy/{registry,checks}.go (v1.36)
 */
import { allowPrivilegeEscalation } from './checks/allow-privilege-escalation.ts';
import { appArmorProfile } from './checks/app-armor-profile.ts';
import { capabilitiesBaseline } from './checks/capabilities-baseline.ts';
import { capabilitiesRestricted } from './checks/capabilities-restricted.ts';
import { hostNamespaces } from './checks/host-namespaces.ts';
import { hostPathVolumes } from './checks/host-path-volumes.ts';
import { hostPorts } from './checks/host-ports.ts';
import { hostProbesAndHostLifecycle } from './checks/host-probes-and-host-lifecycle.ts';
import { privileged } from './checks/privileged.ts';
import { procMount, procMountRestricted } from './checks/proc-mount.ts';
import { restrictedVolumes } from './checks/restricted-volumes.ts';
import { runAsNonRoot } from './checks/run-as-non-root.ts';
import { runAsUser } from './checks/run-as-user.ts';
import { seLinuxOptions } from './checks/se-linux-options.ts';
import { seccompProfileBaseline, seccompProfileRestricted } from './checks/seccomp-profile.ts';
import { sysctls } from './checks/sysctls.ts';
import { windowsHostProcess } from './checks/windows-host-process.ts';
import type { CheckPod, PodCheck, PodSubject, Violation } from './pod-check.ts';
import type { LevelVersion } from './policy.ts';

/** In the order of their ids, which messages follow: those of the baseline first. */
const BASELINE: readonly PodCheck[] = [
  appArmorProfile,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfileBaseline,
  sysctls,
  windowsHostProcess,
];
const RESTRICTED: readonly PodCheck[] = [
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  procMountRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfileRestricted,
];

/** Everything in a pod that its policy does not allow. */
export function evaluatePod(policy: LevelVersion, pod: PodSubject): readonly Violation[] {
  return checksOf(policy).flatMap((check) => check(pod) ?? []);
}

/** `reason (detail), reason (detail)` */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
}

function checksOf({ level, version }: LevelVersion): readonly CheckPod[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : version;
  const baseline = BASELINE.map((check) => ({ id: check.id, ...versionOf(check, minor) }));
  const restricted = level === 'restricted' ? RESTRICTED.map((check) => versionOf(check, minor)) : [];
  const overridden = new Set(restricted.flatMap((found) => found?.overrides ?? []));
  const wanted = [...baseline.filter(({ id }) => !overridden.has(id)), ...restricted];
  return wanted.flatMap((found) => found?.check ?? []);
}

function versionOf({ versions }: PodCheck, minor: number): PodCheck['versions'][number] | undefined {
  return versions.findLast(({ since }) => since <= minor);
}
