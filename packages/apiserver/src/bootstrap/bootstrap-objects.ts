/**
 * Everything that exists in a cluster before anybody has made anything.
 */
import {
  apiServices,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  flowSchemas,
  namespaces,
  priorityClasses,
  priorityLevelConfigurations,
  resourceFacts,
  roleBindings,
  roles,
  serviceCIDRs,
  type GroupFacts,
} from '@kts/api';
import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { bootstrapFlowSchemas, bootstrapPriorityLevels } from './flow-policy.ts';
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
} from './rbac-policy.ts';

/** An object that has to exist. */
export interface WantedObject {
  readonly resource: ResourceType<KubeObject>;
  readonly object: object;
  readonly manager: string;
  /** What to do with one that exists already; absent: nothing. */
  readonly reconcile?: Reconcile;
  /** Written to the status subresource of a new object. */
  readonly status?: object;
}

/** The object to write, or undefined if the existing one will do. */
export type Reconcile = (existing: KubeObject, wanted: object) => object | undefined;

export interface BootstrapOptions {
  readonly serviceRanges: readonly string[];
  /** PEM of the authorities of clients and of front proxies. */
  readonly clientAuthority: string;
  readonly frontProxyAuthority: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const MANAGER = 'kube-apiserver';
const FLOW_MANAGER = 'api-priority-and-fairness-config-producer-v1';
const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** In groups: what is in a later one may need what is in an earlier one. */
export function bootstrapObjects(options: BootstrapOptions): readonly (readonly WantedObject[])[] {
  const make = (
    resource: ResourceType<KubeObject>,
    objects: readonly object[],
    more: Partial<WantedObject> = {},
  ): readonly WantedObject[] => objects.map((object) => ({ resource, object, manager: MANAGER, ...more }));
  return [
    [
      ...make(
        namespaces,
        SYSTEM_NAMESPACES.map((name) => ({ metadata: { name } })),
      ),
      ...make(clusterRoles, bootstrapClusterRoles(), { reconcile: reconcileRole }),
      ...make(clusterRoleBindings, bootstrapClusterRoleBindings(), { reconcile: reconcileBinding }),
      ...make(priorityLevelConfigurations, bootstrapPriorityLevels(), {
        manager: FLOW_MANAGER,
        reconcile: reconcileSpec,
      }),
      ...bootstrapFlowSchemas().map((object) => flowSchema(object, options.now)),
      ...make(priorityClasses, PRIORITY_CLASSES),
      ...apiServiceObjects(options.now),
      serviceRange(options),
    ],
    [
      ...make(roles, bootstrapRoles(), { reconcile: reconcileRole }),
      ...make(roleBindings, bootstrapRoleBindings(), { reconcile: reconcileBinding }),
      ...make(configMaps, [authenticationConfig(options)], { reconcile: reconcileData }),
      ...make(configMaps, [tokenTracking(options.now)]),
    ],
  ];
}

const PRIORITY_CLASSES: readonly object[] = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

function flowSchema(object: object, now: number): WantedObject {
  const { spec } = object as { spec: { priorityLevelConfiguration: { name: string } } };
  const level = JSON.stringify(spec.priorityLevelConfiguration.name);
  const condition = {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: formatTime(now),
    reason: 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} and it exists`,
  };
  return {
    resource: flowSchemas,
    object,
    manager: FLOW_MANAGER,
    reconcile: reconcileSpec,
    status: { conditions: [condition] },
  };
}

function apiServiceObjects(now: number): readonly WantedObject[] {
  const { groups } = resourceFacts();
  const condition = {
    type: 'Available',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
  return Object.entries(groups as Readonly<Record<string, GroupPriorities>>).flatMap(([group, facts]) =>
    facts.versions
      .filter((version) => facts.enabledByDefault[version] && facts.groupPriority !== undefined)
      .map((version) => ({
        resource: apiServices,
        manager: MANAGER,
        object: {
          metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
          spec: {
            ...(group ? { group } : {}),
            version,
            groupPriorityMinimum: facts.groupPriority,
            versionPriority: facts.versionPriority?.[version] ?? 15,
          },
        },
        status: { conditions: [condition] },
      })),
  );
}

interface GroupPriorities extends GroupFacts {
  readonly groupPriority?: number;
  readonly versionPriority?: Readonly<Record<string, number>>;
}

function serviceRange({ serviceRanges, now }: BootstrapOptions): WantedObject {
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return {
    resource: serviceCIDRs,
    object: { metadata: { name: 'kubernetes' }, spec: { cidrs: serviceRanges } },
    manager: MANAGER,
    status: { conditions: [condition] },
  };
}

/** What aggregated API servers need to know to believe the front proxy. */
function authenticationConfig({ clientAuthority, frontProxyAuthority }: BootstrapOptions): object {
  return {
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': clientAuthority,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': frontProxyAuthority,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    },
  };
}

/** Since when the use of old secret-based tokens is recorded. */
function tokenTracking(now: number): object {
  return {
    metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' },
    data: { since: formatTime(now).slice(0, 10) },
  };
}

const isAutoUpdated = (existing: KubeObject, annotation: string): boolean =>
  existing.metadata.annotations?.[annotation] !== 'false';

/** Adds the rules that are missing; rules that somebody has added stay. */
const reconcileRole: Reconcile = (existing, wanted) => {
  if (!isAutoUpdated(existing, 'rbac.authorization.kubernetes.io/autoupdate')) return undefined;
  if ('aggregationRule' in wanted) return undefined;
  return addMissing(existing, wanted, 'rules');
};

const reconcileBinding: Reconcile = (existing, wanted) => {
  if (!isAutoUpdated(existing, 'rbac.authorization.kubernetes.io/autoupdate')) return undefined;
  return addMissing(existing, wanted, 'subjects');
};

const reconcileSpec: Reconcile = (existing, wanted) => {
  if (existing.metadata.annotations?.['apf.kubernetes.io/autoupdate-spec'] === 'false') return undefined;
  const { spec } = existing as unknown as { spec: unknown };
  const { spec: target } = wanted as { spec: unknown };
  return sameContent(spec, target) ? undefined : { ...existing, spec: target };
};

const reconcileData: Reconcile = (existing, wanted) => {
  const { data } = existing as unknown as { data?: Readonly<Record<string, string>> };
  const { data: target } = wanted as { data: Readonly<Record<string, string>> };
  return Object.entries(target).every(([key, value]) => data?.[key] === value)
    ? undefined
    : { ...existing, data: { ...data, ...target } };
};

function addMissing(existing: KubeObject, wanted: object, field: 'rules' | 'subjects'): object | undefined {
  const present = (existing as unknown as Readonly<Record<string, readonly unknown[] | undefined>>)[field] ?? [];
  const needed = (wanted as Readonly<Record<string, readonly unknown[] | undefined>>)[field] ?? [];
  const missing = needed.filter((item) => !present.some((other) => sameContent(item, other)));
  return missing.length === 0 ? undefined : { ...existing, [field]: [...present, ...missing] };
}

/** Equal up to the order of fields. */
function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  return (
    left.length === Object.keys(b).length &&
    left.every(([key, value]) => sameContent(value, (b as Readonly<Record<string, unknown>>)[key]))
  );
}
