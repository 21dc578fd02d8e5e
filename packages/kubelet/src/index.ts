export { parseKubeletFlags, type KubeletFlags } from './command-line.ts';
export { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from './config.ts';
export { configurationObject } from './configuration/kubelet-configuration.ts';
export { kubeletSettings, type KubeletSettings } from './configuration/kubelet-settings.ts';
export { createKubelet, type Kubelet, type KubeletApi, type KubeletDeps } from './kubelet.ts';
export { unixPluginHost, type PluginHost } from './plugins/plugin-host.ts';
export {
  CSI_PROTOCOL,
  DEVICE_PROTOCOL,
  REGISTRATION_PROTOCOL,
  type PublishRequest,
} from './plugins/plugin-protocols.ts';
export { containerdImages } from './host/linux/containerd-images.ts';
export { linuxHost } from './host/linux/linux-host.ts';
export { createFakeHost } from './testing/fake-host.ts';
export type { FileError, FileInfo, FileSystem } from './host/file-system.ts';
export type {
  CgroupResources,
  Cgroups,
  DiskUsage,
  HttpProbeRequest,
  HttpProbeResponse,
  Machine,
  MachineInfo,
  Mounter,
  NetworkProber,
  NodeHost,
} from './host/node-host.ts';
export {
  createKubeletServer,
  type KubeletServer,
  type KubeletServerConfig,
  type KubeletServerDeps,
} from './server/kubelet-server.ts';
export type { LogFile, LogFiles } from './server/logs/log-files.ts';
export { linuxLogFiles } from './server/logs/linux-log-files.ts';
export { simulatedLogFiles } from './server/logs/simulated-log-files.ts';
export { resourceMetricsText } from './server/metrics/serve-metrics.ts';
