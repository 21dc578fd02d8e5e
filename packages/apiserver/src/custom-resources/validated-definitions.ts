/**
 * The kind CustomResourceDefinition with its validation, which is loaded with the first definition that somebody writes.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go (v1.36)
 */
import { FieldPath } from '@kts/apimachinery';
import { customResourceDefinitions, type ResourceDefinition } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import type { formatWarnings } from './definition/format-warnings.ts';
import type {
  RuleChecks,
  validateDefinition,
  validateDefinitionName,
  validateDefinitionUpdate,
} from './definition/validate-definition.ts';
import { validateNames } from './definition/validate-names.ts';
import { hasRules } from './load-rules.ts';

interface Validation {
  validateDefinition: typeof validateDefinition;
  validateDefinitionName: typeof validateDefinitionName;
  validateDefinitionUpdate: typeof validateDefinitionUpdate;
}

export function validatedDefinitions(): ResourceDefinition<CustomResourceDefinition> {
  let validation: Validation | undefined;
  let formats: { formatWarnings: typeof formatWarnings } | undefined;
  let rules: RuleChecks | undefined;
  const load = async (crd: CustomResourceDefinition): Promise<void> => {
    validation ??= await import('./definition/validate-definition.ts');
    formats ??= await import('./definition/format-warnings.ts');
    if (hasRules(crd)) rules ??= await loadRuleChecks();
  };
  const behaviour: ResourceDefinition<CustomResourceDefinition>['behaviour'] = {
    ...customResourceDefinitions.behaviour,
    load: (crd) => (validation && formats && (rules || !hasRules(crd)) ? undefined : load(crd)),
    validate: (crd) => [...validation!.validateDefinitionName(crd), ...validation!.validateDefinition(crd, rules)],
    validateUpdate: (crd, old) => validation!.validateDefinitionUpdate(crd, old, rules),
    validateStatusUpdate: ({ status }) =>
      validateNames(status?.acceptedNames ?? {}, FieldPath.of('status', 'acceptedNames')),
    warnings: (crd, old) => formats!.formatWarnings(crd, old),
  };
  // Its schema and columns are getters, which a spread would call long before somebody needs them.
  return Object.create(customResourceDefinitions, {
    behaviour: { value: behaviour, enumerable: true },
  }) as ResourceDefinition<CustomResourceDefinition>;
}

async function loadRuleChecks(): Promise<RuleChecks> {
  const { ruleChecks } = await import('./rules/rule-checks.ts');
  return ruleChecks;
}
