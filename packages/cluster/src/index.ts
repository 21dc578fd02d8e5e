export {
  checkClusterName,
  ClusterConfigError,
  COMPONENTS,
  parseComponents,
  type ClusterConfig,
  type ComponentName,
} from './cluster-config.ts';
export { isAlive, readClusterState, type ClusterState, type NodeState } from './cluster-state.ts';
export { startCluster, tearDownKilledCluster, type Cluster, type ClusterDeps } from './cluster.ts';
export { dataDirectory, DataDirectoryError, type DataDirectory } from './data-directory.ts';
export { releaseMemoryWhenQuiet, type ProcessMemory } from './quiet-memory.ts';
export { durationText, lineProgress, terminalProgress, type Progress } from './progress.ts';
