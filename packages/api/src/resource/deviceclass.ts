import { defineResource } from '../define-resource.ts';
import type { DeviceClass } from '../gen/resource-v1.gen.ts';

export const deviceClasses = defineResource<DeviceClass>('resource.k8s.io/v1', 'deviceclasses');
