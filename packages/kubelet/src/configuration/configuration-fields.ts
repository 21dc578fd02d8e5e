import type { KubeletConfig } from '../config.ts';

/** How a field is written. A `duration` is Go's, such as `1m30s`. */
export type FieldType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'number'
  | 'duration'
  | 'quantity'
  | 'strings'
  | 'integers'
  | 'text map'
  | 'map'
  | 'taints'
  | 'priorities'
  | 'list';

/** Settings of the program that are not in `KubeletConfig`. */
export interface ProgramSettings {
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly clientCAFile?: string;
  readonly containerRuntimeEndpoint?: string;
  /** Asks for another client certificate in time. */
  readonly rotateCertificates?: boolean;
  /** Asks the API server for the certificate to serve with. */
  readonly serverTLSBootstrap?: boolean;
}

export interface ConfigurationField {
  readonly type: FieldType;
  /** What it sets here; absent: it is known, but makes no difference. */
  readonly sets?: keyof KubeletConfig | keyof ProgramSettings;
  /** A path, taken from the folder of the file that has it. */
  readonly isPath?: boolean;
}

const sets = (type: FieldType, name: NonNullable<ConfigurationField['sets']>, isPath = false): ConfigurationField => ({
  type,
  sets: name,
  ...(isPath ? { isPath } : {}),
});
const known = (type: FieldType): ConfigurationField => ({ type });

/**
 * The fields of KubeletConfiguration by path.
 *
 * Mirrors: staging/src/k8s.io/kubelet/config/v1beta1/types.go (v1.36)
 */
export const CONFIGURATION_FIELDS: Readonly<Record<string, ConfigurationField>> = {
  address: sets('string', 'address'),
  allowedUnsafeSysctls: sets('strings', 'allowedUnsafeSysctls'),
  'authentication.anonymous.enabled': known('boolean'),
  'authentication.webhook.cacheTTL': known('duration'),
  'authentication.webhook.enabled': known('boolean'),
  'authentication.x509.clientCAFile': sets('string', 'clientCAFile', true),
  'authorization.mode': known('string'),
  'authorization.webhook.cacheAuthorizedTTL': known('duration'),
  'authorization.webhook.cacheUnauthorizedTTL': known('duration'),
  cgroupDriver: known('string'),
  cgroupRoot: sets('string', 'cgroupRoot'),
  cgroupsPerQOS: sets('boolean', 'cgroupsPerQOS'),
  clusterDNS: sets('strings', 'clusterDNS'),
  clusterDomain: sets('string', 'clusterDomain'),
  configMapAndSecretChangeDetectionStrategy: known('string'),
  containerLogMaxFiles: sets('integer', 'containerLogMaxFiles'),
  containerLogMaxSize: sets('quantity', 'containerLogMaxSizeBytes'),
  containerLogMaxWorkers: known('integer'),
  containerLogMonitorInterval: sets('duration', 'containerLogMonitorIntervalMs'),
  containerRuntimeEndpoint: sets('string', 'containerRuntimeEndpoint'),
  contentType: known('string'),
  cpuCFSQuota: sets('boolean', 'cpuCFSQuota'),
  cpuCFSQuotaPeriod: sets('duration', 'cpuCFSQuotaPeriodMs'),
  cpuManagerPolicy: known('string'),
  cpuManagerPolicyOptions: known('text map'),
  cpuManagerReconcilePeriod: known('duration'),
  'crashLoopBackOff.maxContainerRestartPeriod': sets('duration', 'maxContainerRestartPeriodMs'),
  enableContentionProfiling: known('boolean'),
  enableControllerAttachDetach: known('boolean'),
  enableDebugFlagsHandler: known('boolean'),
  enableDebuggingHandlers: known('boolean'),
  enableProfilingHandler: known('boolean'),
  enableServer: known('boolean'),
  enableSystemLogHandler: sets('boolean', 'enableSystemLogHandler'),
  enableSystemLogQuery: known('boolean'),
  enforceNodeAllocatable: known('strings'),
  eventBurst: known('integer'),
  eventRecordQPS: known('integer'),
  evictionHard: sets('text map', 'evictionHard'),
  evictionMaxPodGracePeriod: sets('integer', 'evictionMaxPodGracePeriod'),
  evictionMinimumReclaim: sets('text map', 'evictionMinimumReclaim'),
  evictionPressureTransitionPeriod: sets('duration', 'evictionPressureTransitionPeriodMs'),
  evictionSoft: sets('text map', 'evictionSoft'),
  evictionSoftGracePeriod: sets('text map', 'evictionSoftGracePeriod'),
  failSwapOn: known('boolean'),
  featureGates: known('map'),
  fileCheckFrequency: sets('duration', 'fileCheckFrequencyMs'),
  hairpinMode: known('string'),
  healthzBindAddress: known('string'),
  healthzPort: known('integer'),
  httpCheckFrequency: known('duration'),
  imageGCHighThresholdPercent: sets('integer', 'imageGCHighThresholdPercent'),
  imageGCLowThresholdPercent: sets('integer', 'imageGCLowThresholdPercent'),
  imageMaximumGCAge: sets('duration', 'imageMaximumGCAgeMs'),
  imageMinimumGCAge: sets('duration', 'imageMinimumGCAgeMs'),
  imagePullCredentialsVerificationPolicy: known('string'),
  imageServiceEndpoint: known('string'),
  iptablesDropBit: known('integer'),
  iptablesMasqueradeBit: known('integer'),
  kernelMemcgNotification: known('boolean'),
  kubeAPIBurst: known('integer'),
  kubeAPIQPS: known('integer'),
  kubeReserved: sets('text map', 'kubeReserved'),
  kubeReservedCgroup: known('string'),
  kubeletCgroups: known('string'),
  localStorageCapacityIsolation: sets('boolean', 'localStorageCapacityIsolation'),
  logging: known('map'),
  makeIPTablesUtilChains: known('boolean'),
  maxOpenFiles: known('integer'),
  maxParallelImagePulls: sets('integer', 'maxParallelImagePulls'),
  maxPods: sets('integer', 'maxPods'),
  memoryManagerPolicy: known('string'),
  memoryReservationPolicy: known('string'),
  'memorySwap.swapBehavior': known('string'),
  memoryThrottlingFactor: known('number'),
  mergeDefaultEvictionSettings: known('boolean'),
  nodeLeaseDurationSeconds: sets('integer', 'nodeLeaseDurationSeconds'),
  nodeStatusMaxImages: sets('integer', 'nodeStatusMaxImages'),
  nodeStatusReportFrequency: sets('duration', 'nodeStatusReportFrequencyMs'),
  nodeStatusUpdateFrequency: sets('duration', 'nodeStatusUpdateFrequencyMs'),
  oomScoreAdj: known('integer'),
  podCIDR: sets('string', 'podCIDR'),
  podLogsDir: sets('string', 'podLogsDir', true),
  podPidsLimit: sets('integer', 'podPidsLimit'),
  podsPerCore: known('integer'),
  port: sets('integer', 'port'),
  preloadedImagesVerificationAllowlist: known('strings'),
  protectKernelDefaults: known('boolean'),
  providerID: sets('string', 'providerId'),
  qosReserved: known('text map'),
  readOnlyPort: known('integer'),
  registerNode: sets('boolean', 'registerNode'),
  registerWithTaints: sets('taints', 'registerWithTaints'),
  registryBurst: known('integer'),
  registryPullQPS: known('integer'),
  reservedMemory: known('list'),
  reservedSystemCPUs: known('string'),
  resolvConf: sets('string', 'resolvConf', true),
  rotateCertificates: sets('boolean', 'rotateCertificates'),
  runOnce: known('boolean'),
  runtimeRequestTimeout: sets('duration', 'runtimeRequestTimeoutMs'),
  seccompDefault: sets('boolean', 'seccompDefault'),
  serializeImagePulls: sets('boolean', 'serializeImagePulls'),
  serverTLSBootstrap: sets('boolean', 'serverTLSBootstrap'),
  showHiddenMetricsForVersion: known('string'),
  shutdownGracePeriod: known('duration'),
  shutdownGracePeriodByPodPriority: known('priorities'),
  shutdownGracePeriodCriticalPods: known('duration'),
  singleProcessOOMKill: sets('boolean', 'singleProcessOOMKill'),
  staticPodPath: sets('string', 'staticPodPath', true),
  staticPodURL: known('string'),
  staticPodURLHeader: known('map'),
  streamingConnectionIdleTimeout: known('duration'),
  syncFrequency: sets('duration', 'syncFrequencyMs'),
  systemCgroups: known('string'),
  systemReserved: sets('text map', 'systemReserved'),
  systemReservedCgroup: known('string'),
  tlsCertFile: sets('string', 'tlsCertFile', true),
  tlsCipherSuites: known('strings'),
  tlsCurvePreferences: known('integers'),
  tlsMinVersion: known('string'),
  tlsPrivateKeyFile: sets('string', 'tlsPrivateKeyFile', true),
  topologyManagerPolicy: known('string'),
  topologyManagerPolicyOptions: known('text map'),
  topologyManagerScope: known('string'),
  tracing: known('map'),
  'userNamespaces.idsPerPod': known('integer'),
  volumePluginDir: known('string'),
  volumeStatsAggPeriod: known('duration'),
};
