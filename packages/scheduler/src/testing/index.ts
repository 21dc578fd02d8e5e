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
export { hinted } from './hinted.ts';
export { allocatedTo, asNew, claim, deviceClass, slice, type ClaimOptions, type SliceOptions } from './devices.ts';
export { sortSlices } from '../devices/device-pools.ts';
export { createSelectorLanguage } from '../devices/selector-language.ts';
