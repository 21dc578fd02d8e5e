/**
 * Whether one rule of a role allows something.
 *
 * Mirrors: pkg/apis/rbac/v1/evaluation_helpers.go (v1.36)
 */
import type { PolicyRule } from '@kts/api/types/rbac-v1';

import type { AuthorizationAttributes } from './authorizer.ts';

export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) {
    return rule.nonResourceURLs !== undefined && rule.nonResourceURLs.some((url) => pathMatches(attributes.path, url));
  }
  return (
    rule.apiGroups !== undefined &&
    includes(rule.apiGroups, attributes.group) &&
    rule.resources !== undefined &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name))
  );
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes(value) || list.includes('*');
}

function resourceMatches(patterns: readonly string[], resource: string, subresource: string): boolean {
  if (subresource === '') return includes(patterns, resource);
  return includes(patterns, `${resource}/${subresource}`) || patterns.includes(`*/${subresource}`);
}

/** A trailing `*` matches every path that begins so. */
export function pathMatches(path: string, pattern: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}
