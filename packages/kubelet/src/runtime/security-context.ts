import type { Pod, SeccompProfile, SecurityContext } from '@kts/api/types/core-v1';
import type {
  Int64Value,
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceOption,
  SecurityProfile,
  SELinuxOption,
  UserNamespace,
} from '@kts/host-cri';
import { allContainers, type AnyContainer } from '../pod/containers.ts';

/**
 * Identity, capabilities and confinement of sandboxes and containers.
 *
 * Mirrors: pkg/kubelet/kuberuntime/security_context.go, kuberuntime_sandbox.go, pkg/securitycontext/util.go (v1.36)
 */
export interface SecuritySettings {
  /** Where profiles of type Localhost are. */
  readonly seccompRoot: string;
  /** Use the runtime's default profile where the pod says nothing. */
  readonly seccompDefault: boolean;
  /** Kernel paths of this machine to hide besides the usual ones. */
  readonly extraMaskedPaths: readonly string[];
}

/** The user that the image declares. */
export interface ImageUser {
  readonly uid?: number;
  readonly username: string;
}

const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Which namespaces the pod's containers share with each other or with the node. */
export function namespaceOptions(pod: Pod, userNamespace: UserNamespace): NamespaceOption {
  return {
    ipc: pod.spec.hostIPC ? 'NODE' : 'POD',
    network: pod.spec.hostNetwork ? 'NODE' : 'POD',
    pid: pod.spec.hostPID ? 'NODE' : pod.spec.shareProcessNamespace ? 'POD' : 'CONTAINER',
    usernsOptions: userNamespace,
  };
}

export function sandboxSecurityContext(pod: Pod, namespaces: NamespaceOption): LinuxSandboxSecurityContext {
  const context = pod.spec.securityContext;
  const common = {
    privileged: allContainers(pod).some((container) => container.securityContext?.privileged ?? false),
    seccomp: { profileType: 'RuntimeDefault' },
  } as const;
  if (!context) return common;
  return {
    ...common,
    namespaceOptions: namespaces,
    ...int64('runAsUser', context.runAsUser),
    ...int64('runAsGroup', context.runAsGroup),
    supplementalGroups: [
      ...(context.fsGroup === undefined ? [] : [context.fsGroup]),
      ...(context.supplementalGroups ?? []),
    ],
    ...(context.supplementalGroupsPolicy ? { supplementalGroupsPolicy: context.supplementalGroupsPolicy } : {}),
    ...(context.seLinuxOptions ? { selinuxOptions: selinuxOption(context.seLinuxOptions) } : {}),
  };
}

export function containerSecurityContext(
  pod: Pod,
  container: AnyContainer,
  user: ImageUser,
  namespaces: NamespaceOption,
  settings: SecuritySettings,
): LinuxContainerSecurityContext {
  const effective = effectiveSecurityContext(pod, container);
  const podContext = pod.spec.securityContext;
  const unmasked = effective.procMount === 'Unmasked';
  return {
    ...(effective.capabilities
      ? {
          capabilities: {
            addCapabilities: effective.capabilities.add ?? [],
            dropCapabilities: effective.capabilities.drop ?? [],
          },
        }
      : {}),
    ...(effective.seLinuxOptions ? { selinuxOptions: selinuxOption(effective.seLinuxOptions) } : {}),
    ...(effective.runAsUser === undefined
      ? { ...int64('runAsUser', user.uid), runAsUsername: user.username }
      : int64('runAsUser', effective.runAsUser)),
    ...int64('runAsGroup', effective.runAsGroup),
    privileged: effective.privileged ?? false,
    readonlyRootfs: effective.readOnlyRootFilesystem ?? false,
    namespaceOptions: namespaces,
    supplementalGroups: [
      ...(podContext?.fsGroup === undefined ? [] : [podContext.fsGroup]),
      ...(podContext?.supplementalGroups ?? []),
    ],
    ...(podContext?.supplementalGroupsPolicy ? { supplementalGroupsPolicy: podContext.supplementalGroupsPolicy } : {}),
    noNewPrivs: effective.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : [...MASKED_PATHS, ...settings.extraMaskedPaths],
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: seccompProfile(pod, container, settings),
    ...appArmor(pod, container),
  };
}

/** The container's own settings over the pod's. */
export function effectiveSecurityContext(pod: Pod, container: AnyContainer): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot } = pod.spec.securityContext ?? {};
  return {
    ...(seLinuxOptions ? { seLinuxOptions } : {}),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...container.securityContext,
  };
}

/**
 * What is wrong with a container that must not run as root; `undefined` if nothing is.
 *
 * Mirrors: pkg/kubelet/kuberuntime/security_context_others.go, verifyRunAsNonRoot (v1.36)
 */
export function checkRunAsNonRoot(
  podText: string,
  pod: Pod,
  container: AnyContainer,
  user: ImageUser,
): string | undefined {
  const effective = effectiveSecurityContext(pod, container);
  if (!effective.runAsNonRoot) return undefined;
  const where = `(pod: "${podText}", container: ${container.name})`;
  if (effective.runAsUser !== undefined) {
    if (effective.runAsUser !== 0) return undefined;
    return `container's runAsUser breaks non-root policy ${where}`;
  }
  if (user.uid === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (user.uid === undefined && user.username !== '') {
    return `container has runAsNonRoot and image has non-numeric user (${user.username}), cannot verify user is non-root ${where}`;
  }
  return undefined;
}

function seccompProfile(pod: Pod, container: AnyContainer, settings: SecuritySettings): SecurityProfile {
  const profile: SeccompProfile | undefined =
    container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  if (!profile) return { profileType: settings.seccompDefault ? 'RuntimeDefault' : 'Unconfined' };
  switch (profile.type) {
    case 'RuntimeDefault':
      return { profileType: 'RuntimeDefault' };
    case 'Localhost':
      return { profileType: 'Localhost', localhostRef: `${settings.seccompRoot}/${profile.localhostProfile ?? ''}` };
    case 'Unconfined':
    default:
      return { profileType: 'Unconfined' };
  }
}

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** Also in the deprecated text form, which older runtimes read. */
function appArmor(pod: Pod, container: AnyContainer): { apparmor?: SecurityProfile; apparmorProfile?: string } {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile;
  const text = profile
    ? profile.type === 'Localhost'
      ? `localhost/${profile.localhostProfile ?? ''}`
      : profile.type === 'RuntimeDefault'
        ? 'runtime/default'
        : 'unconfined'
    : pod.metadata.annotations?.[APPARMOR_ANNOTATION + container.name];
  switch (text) {
    case undefined:
    case '':
      return {};
    case 'runtime/default':
      return { apparmor: { profileType: 'RuntimeDefault' }, apparmorProfile: text };
    case 'unconfined':
      return { apparmor: { profileType: 'Unconfined' }, apparmorProfile: text };
    default: {
      const name = text.replace(/^localhost\//, '');
      return { apparmor: { profileType: 'Localhost', localhostRef: name }, apparmorProfile: text };
    }
  }
}

function selinuxOption(options: NonNullable<SecurityContext['seLinuxOptions']>): SELinuxOption {
  return { user: options.user ?? '', role: options.role ?? '', type: options.type ?? '', level: options.level ?? '' };
}

function int64<Name extends string>(name: Name, value: number | undefined): { [K in Name]?: Int64Value } {
  return (value === undefined ? {} : { [name]: { value } }) as { [K in Name]?: Int64Value };
}
