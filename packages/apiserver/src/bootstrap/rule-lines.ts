import type { PolicyRule } from '@kts/api/types/rbac-v1';

/**
 * Reads rules, one a line: `verbs | groups | resources [| names]`, or `verbs | paths`. Lists are separated by spaces;
 * the core group is `core`.
 */
export function parseRules(text: string): readonly PolicyRule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseRule);
}

function parseRule(line: string): PolicyRule {
  const [verbs = [], second = [], resources, resourceNames] = line.split('|').map((part) => part.trim().split(/\s+/));
  if (!resources) return { verbs, nonResourceURLs: second };
  return {
    verbs,
    apiGroups: second.map((group) => (group === 'core' ? '' : group)),
    resources,
    ...(resourceNames ? { resourceNames } : {}),
  };
}
