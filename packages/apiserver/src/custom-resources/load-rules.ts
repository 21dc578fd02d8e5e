import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

import { someSchema } from './definition/schema-walk.ts';
import type { RuleSet } from './object-rules.ts';

export type RulesOf = (version: CustomResourceDefinitionVersion) => RuleSet | undefined;

/**
 * The rules of a definition, compiled when an object first meets them. What it takes to run them is loaded with the
 * first definition that has some.
 */
export async function loadRules(crd: CustomResourceDefinition): Promise<RulesOf> {
  if (!hasRules(crd)) return () => undefined;
  const { ruleSet } = await import('./rules/rule-tree.ts');
  const sets = new Map<CustomResourceDefinitionVersion, RuleSet>();
  return (version) => {
    if (!versionHasRules(version)) return undefined;
    return sets.getOrInsertComputed(version, () => ruleSet(version.schema!.openAPIV3Schema!));
  };
}

export function hasRules({ spec }: CustomResourceDefinition): boolean {
  return (spec.versions ?? []).some(versionHasRules);
}

function versionHasRules({ schema }: CustomResourceDefinitionVersion): boolean {
  return someSchema(schema?.openAPIV3Schema, (one) => (one['x-kubernetes-validations'] ?? []).length > 0);
}
