export {
  cluster,
  listers,
  node,
  pod,
  type ClusterOptions,
  type NodeOptions,
  type ObjectsByLister,
  type PodOptions,
} from './builders.ts';
export { scores, verdicts } from './verdicts.ts';
