import { defineResource } from '../define-resource.ts';
import type { Lease } from '../gen/coordination-v1.gen.ts';

export const leases = defineResource<Lease>('coordination.k8s.io/v1', 'leases');
