export { parseCommandLine, type CommandLine } from './command-line.ts';
export {
  DEFAULT_CONFIG,
  type ClusterSigning,
  type ControllerManagerConfig,
  type LeaderElectionConfig,
} from './controller-manager-config.ts';
export { createControllerManager, type ControllerManagerDependencies } from './controller-manager.ts';
export { CONTROLLERS, unknownControllers, type ControllerEntry } from './controllers.ts';
