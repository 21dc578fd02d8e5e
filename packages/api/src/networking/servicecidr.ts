import { defineResource } from '../define-resource.ts';
import type { ServiceCIDR } from '../gen/networking-v1.gen.ts';

export const serviceCIDRs = defineResource<ServiceCIDR>('networking.k8s.io/v1', 'servicecidrs');
