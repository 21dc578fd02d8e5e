import { defineResource } from '../define-resource.ts';
import type { IPAddress } from '../gen/networking-v1.gen.ts';

export const ipAddresses = defineResource<IPAddress>('networking.k8s.io/v1', 'ipaddresses');
