import type { KubeletConfig } from '../config.ts';
import { parseThresholds } from '../eviction/thresholds.ts';

type Rule = readonly [isBroken: (config: KubeletConfig) => boolean, message: (config: KubeletConfig) => string];

const isOutside = (value: number, from: number, to: number): boolean => value < from || value > to;

/** Mirrors: pkg/kubelet/apis/config/validation/validation.go (v1.36), for the settings that there are here */
const RULES: readonly Rule[] = [
  [
    ({ nodeLeaseDurationSeconds }) => nodeLeaseDurationSeconds <= 0,
    () => 'nodeLeaseDurationSeconds must be greater than 0',
  ],
  [
    ({ cpuCFSQuotaPeriodMs }) => isOutside(cpuCFSQuotaPeriodMs, 1, 1000),
    ({ cpuCFSQuotaPeriodMs }) =>
      `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) {${cpuCFSQuotaPeriodMs}ms} must be between 1ms and 1sec, inclusive`,
  ],
  [
    ({ imageGCHighThresholdPercent }) => isOutside(imageGCHighThresholdPercent, 0, 100),
    ({ imageGCHighThresholdPercent }) =>
      `imageGCHighThresholdPercent (--image-gc-high-threshold) ${imageGCHighThresholdPercent} must be between 0 and 100, inclusive`,
  ],
  [
    ({ imageGCLowThresholdPercent }) => isOutside(imageGCLowThresholdPercent, 0, 100),
    ({ imageGCLowThresholdPercent }) =>
      `imageGCLowThresholdPercent (--image-gc-low-threshold) ${imageGCLowThresholdPercent} must be between 0 and 100, inclusive`,
  ],
  [
    ({ imageGCLowThresholdPercent: low, imageGCHighThresholdPercent: high }) => low >= high,
    ({ imageGCLowThresholdPercent: low, imageGCHighThresholdPercent: high }) =>
      `imageGCLowThresholdPercent (--image-gc-low-threshold) ${low} must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) ${high}`,
  ],
  [({ imageMinimumGCAgeMs }) => imageMinimumGCAgeMs < 0, () => 'imageMinimumGCAge must not be negative'],
  [({ imageMaximumGCAgeMs }) => imageMaximumGCAgeMs < 0, () => 'imageMaximumGCAge must not be negative'],
  [
    ({ imageMaximumGCAgeMs: most, imageMinimumGCAgeMs: least }) => most > 0 && most <= least,
    () => 'imageMaximumGCAge must be greater than imageMinimumGCAge',
  ],
  [
    ({ nodeStatusMaxImages }) => nodeStatusMaxImages < -1,
    ({ nodeStatusMaxImages }) =>
      `nodeStatusMaxImages (--node-status-max-images) ${nodeStatusMaxImages} must be -1 or greater`,
  ],
  [({ maxPods }) => maxPods < 0, ({ maxPods }) => `maxPods (--max-pods) ${maxPods} must not be a negative number`],
  [
    ({ port }) => isOutside(port, 1, 65_535),
    ({ port }) => `port (--port) ${port} must be between 1 and 65535, inclusive`,
  ],
  [
    ({ maxParallelImagePulls }) => maxParallelImagePulls !== undefined && maxParallelImagePulls < 1,
    ({ maxParallelImagePulls }) => `maxParallelImagePulls ${maxParallelImagePulls} must be a positive number`,
  ],
  [
    ({ serializeImagePulls, maxParallelImagePulls = 1 }) => serializeImagePulls && maxParallelImagePulls > 1,
    () =>
      'maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false',
  ],
  [
    ({ maxContainerRestartPeriodMs }) => isOutside(maxContainerRestartPeriodMs, 1000, 300_000),
    ({ maxContainerRestartPeriodMs }) =>
      `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${maxContainerRestartPeriodMs / 1000} seconds) must be set between 1s and 300s`,
  ],
  [({ containerLogMaxFiles }) => containerLogMaxFiles <= 1, () => 'containerLogMaxFiles must be greater than 1'],
  [({ containerLogMaxSizeBytes }) => containerLogMaxSizeBytes <= 0, () => 'containerLogMaxSize must be positive'],
];

/** Everything that is wrong with the settings. */
export function validateKubeletConfig(config: KubeletConfig): readonly string[] {
  const broken = RULES.filter(([isBroken]) => isBroken(config)).map(([, message]) => message(config));
  try {
    parseThresholds(config);
  } catch (error) {
    broken.push((error as Error).message);
  }
  return broken.map((message) => `invalid configuration: ${message}`);
}
