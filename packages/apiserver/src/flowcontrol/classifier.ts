/**
 * Finds the flow schema and priority level of a request, which the answer's headers name.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/rule.go (v1.36)
 */
import type { FlowSchema, PolicyRulesWithSubjects, PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';

import { parseServiceAccountUser } from '../authentication/user-names.ts';
import type { AuthorizationAttributes } from '../authorization/authorizer.ts';
import type { UserInfo } from '../request.ts';

export interface Flow {
  readonly schemaName: string;
  readonly schemaUid: string;
  readonly levelName: string;
  readonly levelUid: string;
  /** Tells the flows of a schema apart; empty where all its requests are one flow. */
  readonly distinguisher: string;
}

/** Where flow schemas and priority levels come from. */
export interface FlowObjects {
  readonly schemas: Iterable<FlowSchema>;
  readonly levels: Iterable<PriorityLevelConfiguration>;
}

export class FlowClassifier {
  #schemas: readonly FlowSchema[] = [];
  #levels = new Map<string, string>();

  /** To be called whenever an object has changed. Schemas are tried by precedence, then by name. */
  replace(objects: FlowObjects): void {
    this.#levels = new Map([...objects.levels].map((level) => [level.metadata.name, level.metadata.uid]));
    this.#schemas = [...objects.schemas].sort(
      (a, b) =>
        (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    );
  }

  /** Undefined as long as no schema matches, which is only before the mandatory ones exist. */
  classify(user: UserInfo, attributes: AuthorizationAttributes): Flow | undefined {
    for (const schema of this.#schemas) {
      if (!schema.spec?.rules?.some((rule) => ruleMatches(rule, user, attributes))) continue;
      const levelName = schema.spec.priorityLevelConfiguration.name;
      return {
        schemaName: schema.metadata.name,
        schemaUid: schema.metadata.uid,
        levelName,
        levelUid: this.#levels.get(levelName) ?? '',
        distinguisher: distinguisherOf(schema, user, attributes),
      };
    }
    return undefined;
  }
}

function distinguisherOf({ spec }: FlowSchema, user: UserInfo, { namespace }: AuthorizationAttributes): string {
  const method = spec?.distinguisherMethod?.type;
  if (method === 'ByUser') return user.name;
  return method === 'ByNamespace' ? namespace : '';
}

function ruleMatches(rule: PolicyRulesWithSubjects, user: UserInfo, attributes: AuthorizationAttributes): boolean {
  if (!rule.subjects.some((subject) => subjectMatches(subject, user))) return false;
  if (!attributes.isResourceRequest) {
    return (rule.nonResourceRules ?? []).some(
      (candidate) =>
        has(candidate.verbs, attributes.verb) &&
        candidate.nonResourceURLs.some((pattern) => pathMatches(attributes.path, pattern)),
    );
  }
  const resource = attributes.subresource ? `${attributes.resource}/${attributes.subresource}` : attributes.resource;
  return (rule.resourceRules ?? []).some(
    (candidate) =>
      has(candidate.verbs, attributes.verb) &&
      has(candidate.apiGroups, attributes.group) &&
      has(candidate.resources, resource) &&
      (attributes.namespace
        ? has(candidate.namespaces ?? [], attributes.namespace)
        : (candidate.clusterScope ?? false)),
  );
}

function subjectMatches(subject: PolicyRulesWithSubjects['subjects'][number], user: UserInfo): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === user.name;
    case 'Group':
      return subject.group?.name === '*' || (subject.group !== undefined && user.groups.includes(subject.group.name));
    default: {
      const account = parseServiceAccountUser(user.name);
      const wanted = subject.serviceAccount;
      if (!account || !wanted || wanted.namespace !== account.namespace) return false;
      return wanted.name === '*' || wanted.name === account.name;
    }
  }
}

const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);

function pathMatches(path: string, pattern: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1));
}
