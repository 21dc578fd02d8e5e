import { defineResource } from '../define-resource.ts';
import type { EndpointSlice } from '../gen/discovery-v1.gen.ts';

export const endpointSlices = defineResource<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices');
