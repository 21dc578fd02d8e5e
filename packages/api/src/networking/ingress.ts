import { defineResource } from '../define-resource.ts';
import type { Ingress } from '../gen/networking-v1.gen.ts';

export const ingresses = defineResource<Ingress>('networking.k8s.io/v1', 'ingresses');
