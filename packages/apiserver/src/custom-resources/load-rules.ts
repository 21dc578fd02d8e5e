import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

import { someSchema } from './definition/schema-walk.ts';
import type { RuleSet } from './object-rules.ts';

export type RulesOf = (version: CustomResourceDefinitionVersion) => RuleSet | undefined;

/** The rules of a definition. What it takes to run them is loaded with the first definition that has some. */
export function loadRules(_crd: CustomResourceDefinition): Promise<RulesOf> {
  return Promise.resolve((version) => (versionHasRules(version) ? { validate: () => [] } : undefined));
}

export function hasRules({ spec }: CustomResourceDefinition): boolean {
  return (spec.versions ?? []).some(versionHasRules);
}

function versionHasRules({ schema }: CustomResourceDefinitionVersion): boolean {
  return someSchema(schema?.openAPIV3Schema, (one) => (one['x-kubernetes-validations'] ?? []).length > 0);
}
