import { defineResource } from '../define-resource.ts';
import type { IngressClass } from '../gen/networking-v1.gen.ts';

export const ingressClasses = defineResource<IngressClass>('networking.k8s.io/v1', 'ingressclasses');
