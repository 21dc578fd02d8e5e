import { defineResource } from '../define-resource.ts';
import type { APIService } from '../gen/apiregistration-v1.gen.ts';

export const apiServices = defineResource<APIService>('apiregistration.k8s.io/v1', 'apiservices');
