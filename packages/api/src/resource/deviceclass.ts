import { defineResource } from '../define-resource.ts';
import type { DeviceClass } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';

/**
 * A kind of device that claims can ask for.
 *
 * Mirrors: pkg/registry/resource/deviceclass (v1.36)
 * Differs: selectors are not validated here: that takes a CEL compiler, which a higher layer has.
 */
export const deviceClasses = defineResource<DeviceClass>('resource.k8s.io/v1', 'deviceclasses', {
  cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
});
