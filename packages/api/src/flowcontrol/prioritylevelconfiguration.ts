import { defineResource } from '../define-resource.ts';
import type { PriorityLevelConfiguration } from '../gen/flowcontrol-v1.gen.ts';

export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'prioritylevelconfigurations',
);
