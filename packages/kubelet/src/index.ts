export { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from './config.ts';
export { createKubelet, type KubeletDeps } from './kubelet.ts';
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
