import { defineResource } from '../define-resource.ts';
import type { CustomResourceDefinition } from '../gen/apiextensions-v1.gen.ts';

export const customResourceDefinitions = defineResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
);
