import { goQuote, type Draft } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import { defineResource } from '../define-resource.ts';
import type { ResourceSlice } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateSliceSpec } from './resource-slice-validation.ts';

/**
 * Some of the devices that a driver has.
 *
 * Mirrors: pkg/registry/resource/resourceslice, pkg/apis/resource/v1, pkg/apis/resource/validation (v1.36)
 */
export const resourceSlices = defineResource<ResourceSlice>('resource.k8s.io/v1', 'resourceslices', {
  prepareForCreate: (draft, { now }) => {
    setTaintTimes(draft, now);
    dropDisabledFields(draft);
  },
  prepareForUpdate: (draft, old, { now }) => {
    setTaintTimes(draft, now);
    dropDisabledFields(draft, old);
  },
  validate: ({ spec }) => validateSliceSpec(spec),
  validateUpdate: ({ spec }, old) => validateSliceSpec(spec, old.spec),
  warnings: ({ spec }) => {
    const driver = spec.driver ?? '';
    if (driver === driver.toLowerCase()) return [];
    return [`spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`];
  },
  selectableFields: ({ spec }) => ({ 'spec.nodeName': spec.nodeName ?? '', 'spec.driver': spec.driver }),
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    age(metadata.creationTimestamp, now),
  ],
});

function setTaintTimes({ spec }: Draft<ResourceSlice>, now: number): void {
  for (const { taints } of spec.devices ?? []) {
    for (const taint of taints ?? []) taint.timeAdded ??= formatTime(now);
  }
}

const LIST_VALUES = ['ints', 'bools', 'strings', 'versions'] as const;

/** Of features that are off in v1.36: DRAListTypeAttributes, DRANodeAllocatableResources. */
function dropDisabledFields({ spec }: Draft<ResourceSlice>, old?: ResourceSlice): void {
  const before = old?.spec.devices ?? [];
  const usesLists = before.some(({ attributes }) =>
    Object.values(attributes ?? {}).some((attribute) => LIST_VALUES.some((field) => attribute[field] !== undefined)),
  );
  const usesMappings = before.some((device) => device.nodeAllocatableResourceMappings !== undefined);
  for (const device of spec.devices ?? []) {
    if (!usesMappings) delete device.nodeAllocatableResourceMappings;
    if (usesLists) continue;
    for (const attribute of Object.values(device.attributes ?? {})) {
      for (const field of LIST_VALUES) delete attribute[field];
    }
  }
}
