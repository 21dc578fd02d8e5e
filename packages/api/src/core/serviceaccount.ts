import { defineResource } from '../define-resource.ts';
import type { ServiceAccount } from '../gen/core-v1.gen.ts';

export const serviceAccounts = defineResource<ServiceAccount>('v1', 'serviceaccounts');
