import { defineResource } from '../define-resource.ts';
import type { NetworkPolicy } from '../gen/networking-v1.gen.ts';

export const networkPolicies = defineResource<NetworkPolicy>('networking.k8s.io/v1', 'networkpolicies');
