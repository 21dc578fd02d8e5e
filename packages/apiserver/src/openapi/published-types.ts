/**
 * What OpenAPI says of some types that their fields do not tell.
 *
 * Mirrors: the comments `+union` of staging/src/k8s.io/api, and the scheme of pkg/api/legacyscheme (v1.36)
 */

/** Group versions that the scheme knows, served or not, where every one of them has `DeleteOptions` and `WatchEvent`. */
const SCHEME = `
  v1
  admission.k8s.io v1 v1beta1
  admissionregistration.k8s.io v1 v1alpha1 v1beta1
  apiextensions.k8s.io v1 v1beta1
  apiregistration.k8s.io v1 v1beta1
  apps v1 v1beta1 v1beta2
  authentication.k8s.io v1 v1alpha1 v1beta1
  authorization.k8s.io v1 v1beta1
  autoscaling v1 v2
  batch v1 v1beta1
  certificates.k8s.io v1 v1alpha1 v1beta1
  coordination.k8s.io v1 v1alpha2 v1beta1
  discovery.k8s.io v1 v1beta1
  events.k8s.io v1 v1beta1
  extensions v1beta1
  flowcontrol.apiserver.k8s.io v1 v1beta1 v1beta2 v1beta3
  imagepolicy.k8s.io v1alpha1
  internal.apiserver.k8s.io v1alpha1
  networking.k8s.io v1 v1beta1
  node.k8s.io v1 v1alpha1 v1beta1
  policy v1 v1beta1
  rbac.authorization.k8s.io v1 v1alpha1 v1beta1
  resource.k8s.io v1 v1alpha3 v1beta1 v1beta2
  scheduling.k8s.io v1 v1alpha2 v1beta1
  storage.k8s.io v1 v1alpha1 v1beta1
  storagemigration.k8s.io v1beta1
`;

export function schemeVersions(): readonly { readonly group: string; readonly version: string }[] {
  return SCHEME.trim()
    .split('\n')
    .flatMap((line) => {
      const words = line.trim().split(' ');
      const group = words.length > 1 ? words[0]! : '';
      return words.slice(group ? 1 : 0).map((version) => ({ group, version }));
    });
}

export interface Union {
  readonly discriminator?: string;
  readonly 'fields-to-discriminateBy': Readonly<Record<string, string>>;
}

const LOCAL_PROFILE: Union = {
  discriminator: 'type',
  'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' },
};

/** By the type's OpenAPI name. */
export const PUBLISHED_UNIONS: Readonly<Record<string, Union>> = {
  'io.k8s.api.core.v1.AppArmorProfile': LOCAL_PROFILE,
  'io.k8s.api.core.v1.PodSchedulingGroup': { 'fields-to-discriminateBy': { podGroupName: 'PodGroupName' } },
  'io.k8s.api.core.v1.SeccompProfile': LOCAL_PROFILE,
  'io.k8s.api.flowcontrol.v1.LimitResponse': {
    discriminator: 'type',
    'fields-to-discriminateBy': { queuing: 'Queuing' },
  },
  'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec': {
    discriminator: 'type',
    'fields-to-discriminateBy': { exempt: 'Exempt', limited: 'Limited' },
  },
  'io.k8s.api.flowcontrol.v1.Subject': {
    discriminator: 'kind',
    'fields-to-discriminateBy': { group: 'Group', serviceAccount: 'ServiceAccount', user: 'User' },
  },
};
