/**
 * Which admission plugins run, by name.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/options/admission.go Validate and
 * pkg/kubeapiserver/options/plugins.go (v1.36)
 * Differs: plugins that are not written yet are refused by name, because a plugin that somebody counts on and that does
 * nothing is worse than a server that does not start.
 */

/** Which plugins run, beside those that are on by default. Names are upstream's. */
export interface PluginChoice {
  readonly enabled?: readonly string[];
  readonly disabled?: readonly string[];
}

/** Upstream's names, by whether they are on by default. */
const PLUGINS: Readonly<Record<string, 'on' | 'off' | 'missing'>> = {
  AlwaysAdmit: 'off',
  AlwaysDeny: 'off',
  AlwaysPullImages: 'off',
  CertificateApproval: 'on',
  CertificateSigning: 'on',
  CertificateSubjectRestriction: 'on',
  ClusterTrustBundleAttest: 'on',
  DefaultIngressClass: 'on',
  DefaultStorageClass: 'on',
  DefaultTolerationSeconds: 'on',
  DenyServiceExternalIPs: 'off',
  EventRateLimit: 'missing',
  ExtendedResourceToleration: 'off',
  ImagePolicyWebhook: 'missing',
  JobValidation: 'on',
  LimitPodHardAntiAffinityTopology: 'off',
  LimitRanger: 'on',
  MutatingAdmissionPolicy: 'on',
  MutatingAdmissionWebhook: 'on',
  NamespaceAutoProvision: 'missing',
  NamespaceExists: 'off',
  NamespaceLifecycle: 'on',
  NodeDeclaredFeatureValidator: 'on',
  NodeRestriction: 'off',
  OwnerReferencesPermissionEnforcement: 'off',
  PersistentVolumeClaimResize: 'on',
  PodGroupProtection: 'on',
  PodGroupWorkloadExists: 'on',
  PodNodeSelector: 'off',
  PodResizeValidator: 'on',
  PodSecurity: 'on',
  PodTolerationRestriction: 'off',
  PodTopologyLabels: 'on',
  Priority: 'on',
  ResourceQuota: 'on',
  RuntimeClass: 'on',
  ServiceAccount: 'on',
  StorageObjectInUseProtection: 'on',
  TaintNodesByCondition: 'on',
  ValidatingAdmissionPolicy: 'on',
  ValidatingAdmissionWebhook: 'on',
};

/** What is wrong with a choice, for whoever starts the server. */
export function validatePluginChoice({ enabled = [], disabled = [] }: PluginChoice): string[] {
  const unknown = (flag: string, names: readonly string[]): string[] =>
    names
      .filter((name) => !Object.hasOwn(PLUGINS, name))
      .map((name) => `${flag}-admission-plugins plugin ${JSON.stringify(name)} is unknown`);
  const missing = enabled
    .filter((name) => PLUGINS[name] === 'missing')
    .map((name) => `enable-admission-plugins plugin ${JSON.stringify(name)} is not supported`);
  const both = [...new Set(enabled)].filter((name) => disabled.includes(name)).sort();
  return [
    ...unknown('enable', enabled),
    ...unknown('disable', disabled),
    ...missing,
    ...(both.length > 0
      ? [`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`]
      : []),
  ];
}

/** Plugins that nobody knows by name are always on. */
export function isChosen(name: string, { enabled = [], disabled = [] }: PluginChoice): boolean {
  return !disabled.includes(name) && (enabled.includes(name) || PLUGINS[name] !== 'off');
}
