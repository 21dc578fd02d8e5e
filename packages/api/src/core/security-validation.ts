/**
 * Security contexts of pods and containers.
 *
 * Mirrors: ValidateSecurityContext, validatePodSpecSecurityContext and their callees in
 * pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  invalid,
  isDNS1123Subdomain,
  isGroupId,
  isUserId,
  notSupported,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { byteLength, checkSupported, invalidEach } from '../field-checks.ts';
import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../gen/core-v1.gen.ts';
import { validateDescendingPath } from './file-path-validation.ts';
import type { PodRules } from './pod-rules.ts';
import { validateSysctls } from './sysctl-validation.ts';
import { internalForm } from '../internal-form.ts';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const LOCALHOST_PROFILE_BYTES_MAX = 4095;
const GMSA_KIBIBYTES_MAX = 64;
const WINDOWS_DOMAIN_LENGTH_MAX = 256;
const WINDOWS_USER_LENGTH_MAX = 104;
const NETBIOS_DOMAIN = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);

export function validatePodSecurity(spec: PodSpec, path: FieldPath, rules: PodRules): FieldError[] {
  const context = spec.securityContext;
  if (!context) return [];
  const errors = [
    ...checkId(context.fsGroup, isGroupId, path.child('fsGroup')),
    ...checkId(context.runAsUser, isUserId, path.child('runAsUser')),
    ...checkId(context.runAsGroup, isGroupId, path.child('runAsGroup')),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      checkId(id, isGroupId, path.child('supplementalGroups').index(index)),
    ),
  ];
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(path.child('shareProcessNamespace'), true, text));
  }
  const sysctls = path.child('sysctls');
  errors.push(...validateSysctls(context.sysctls ?? [], spec, sysctls, rules.allowHostNamespacedSysctls));
  const choose = (value: string | undefined, choices: readonly string[], field: string): void => {
    if (value !== undefined) errors.push(...checkSupported(value, choices, path.child(field)));
  };
  choose(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], 'fsGroupChangePolicy');
  errors.push(
    ...validateSeccomp(context.seccompProfile, path.child('seccompProfile')),
    ...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')),
    ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  );
  choose(context.supplementalGroupsPolicy, ['Merge', 'Strict'], 'supplementalGroupsPolicy');
  const changePolicies = rules.allowAnySelinuxChangePolicy ? ['MountOption', 'Recursive'] : ['Recursive'];
  choose(context.seLinuxChangePolicy, changePolicies, 'seLinuxChangePolicy');
  return errors;
}

/** `hostUsers`: the pod shares the host's user namespace. */
export function validateContainerSecurity(
  context: SecurityContext | undefined,
  path: FieldPath,
  hostUsers: boolean,
): FieldError[] {
  if (!context) return [];
  const errors = [
    ...checkId(context.runAsUser, isUserId, path.child('runAsUser')),
    ...checkId(context.runAsGroup, isGroupId, path.child('runAsGroup')),
  ];
  if (context.procMount !== undefined) {
    errors.push(...checkSupported(context.procMount, ['Default', 'Unmasked'], path.child('procMount')));
    if (hostUsers && context.procMount === 'Unmasked') {
      errors.push(invalid(path.child('procMount'), 'Unmasked', '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  errors.push(...validateSeccomp(context.seccompProfile, path.child('seccompProfile')));
  if (context.allowPrivilegeEscalation === false) {
    const because = (reason: string): FieldError =>
      invalid(
        path,
        internalForm('core.v1.SecurityContext', context),
        `cannot set \`allowPrivilegeEscalation\` to false and ${reason}`,
      );
    if (context.privileged) errors.push(because('`privileged` to true'));
    for (const capability of context.capabilities?.add ?? []) {
      if (capability === 'CAP_SYS_ADMIN') errors.push(because('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  return [
    ...errors,
    ...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')),
    ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  ];
}

function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else errors.push(...checkSupported(type, PROFILE_TYPES, path.child('type')));
  const at = path.child('localhostProfile');
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
    else errors.push(...validateDescendingPath(localhostProfile, at));
  } else if (localhostProfile !== undefined) {
    errors.push(
      invalid(at, internalForm('core.v1.SeccompProfile', profile), 'can only be set when seccomp type is Localhost'),
    );
  }
  return errors;
}

export function validateAppArmor(profile: AppArmorProfile | undefined, path: FieldPath): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  if (type === 'Localhost') {
    if (!localhostProfile) return [required(at, 'must be set when AppArmor type is Localhost')];
    const errors: FieldError[] = [];
    if (localhostProfile.trim() !== localhostProfile) {
      errors.push(invalid(at, localhostProfile, 'must not be padded with whitespace'));
    }
    if (byteLength(localhostProfile) > LOCALHOST_PROFILE_BYTES_MAX)
      errors.push(tooLong(at, LOCALHOST_PROFILE_BYTES_MAX));
    return errors;
  }
  if (!type) return [required(path.child('type'), 'type is required when appArmorProfile is set')];
  if (!PROFILE_TYPES.includes(type)) return [notSupported(path.child('type'), type, PROFILE_TYPES)];
  if (localhostProfile === undefined) return [];
  return [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')];
}

function checkId(id: number | undefined, check: (id: number) => readonly string[], path: FieldPath): FieldError[] {
  return id === undefined ? [] : invalidEach(path, id, check(id));
}

function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: FieldPath): FieldError[] {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: gmsa, runAsUserName: user } = options ?? {};
  const errors: FieldError[] = [];
  if (name !== undefined) {
    errors.push(...invalidEach(path.child('gmsaCredentialSpecName'), name, isDNS1123Subdomain(name)));
  }
  if (gmsa === '') {
    errors.push(invalid(path.child('gmsaCredentialSpec'), gmsa, 'gmsaCredentialSpec cannot be an empty string'));
  } else if (gmsa !== undefined && byteLength(gmsa) > GMSA_KIBIBYTES_MAX * 1024) {
    const text = `gmsaCredentialSpec size must be under ${GMSA_KIBIBYTES_MAX} KiB`;
    errors.push(invalid(path.child('gmsaCredentialSpec'), gmsa, text));
  }
  if (user !== undefined) errors.push(...invalidEach(path.child('runAsUserName'), user, windowsUserErrors(user)));
  return errors;
}

/** `USER` or `DOMAIN\USER`. */
function windowsUserErrors(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1)!;
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const errors: string[] = [];
  if (domain !== undefined && byteLength(domain) >= WINDOWS_DOMAIN_LENGTH_MAX) {
    errors.push(`runAsUserName's Domain length must be under ${WINDOWS_DOMAIN_LENGTH_MAX} characters`);
  }
  if (domain !== undefined && !NETBIOS_DOMAIN.test(domain) && !DNS_DOMAIN.test(domain)) {
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') errors.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > WINDOWS_USER_LENGTH_MAX) {
    errors.push(`runAsUserName's User length must not be longer than ${WINDOWS_USER_LENGTH_MAX} characters`);
  }
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    errors.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return errors;
}
