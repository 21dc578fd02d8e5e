/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_seLinuxOptions.go (v1.36) */
import type { SELinuxOptions } from '@kts/api/types/core-v1';

import {
  containersOf,
  namesOf,
  plural,
  quoted,
  settersNamed,
  sortedSet,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
const TYPES_1_31 = [...TYPES, 'container_engine_t'];

const checkTypes =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions =>
      options !== undefined && (!allowed.includes(options.type ?? '') || !!options.user || !!options.role);
    const ofPod = spec.securityContext?.seLinuxOptions;
    const bad = containersOf(spec).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
    const setters = settersNamed(isBad(ofPod), namesOf(bad));
    if (!setters) return undefined;
    const found = [ofPod, ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad);
    const types = sortedSet(found.map(({ type = '' }) => type).filter((type) => !allowed.includes(type)));
    const problems = [
      ...(types.length > 0 ? [`${plural(types.length, 'type')} ${quoted(types)}`] : []),
      ...(found.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(found.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    const detail = `${setters} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  };

export const seLinuxOptions: PodCheck = {
  id: 'seLinuxOptions',
  level: 'baseline',
  versions: [
    { since: 0, check: checkTypes(TYPES) },
    { since: 31, check: checkTypes(TYPES_1_31) },
  ],
};
