import { defineResource } from '../define-resource.ts';
import type { ResourceSlice } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';

/**
 * Some of the devices that a driver has.
 *
 * Mirrors: pkg/registry/resource/resourceslice, pkg/apis/resource/v1 (v1.36)
 * Differs: devices are not validated yet beyond their schema, and taints get no time.
 */
export const resourceSlices = defineResource<ResourceSlice>('resource.k8s.io/v1', 'resourceslices', {
  selectableFields: ({ spec }) => ({ 'spec.nodeName': spec.nodeName ?? '', 'spec.driver': spec.driver }),
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    age(metadata.creationTimestamp, now),
  ],
});
