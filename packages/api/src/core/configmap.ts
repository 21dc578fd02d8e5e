import { defineResource } from '../define-resource.ts';
import type { ConfigMap } from '../gen/core-v1.gen.ts';

export const configMaps = defineResource<ConfigMap>('v1', 'configmaps');
