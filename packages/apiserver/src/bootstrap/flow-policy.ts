/**
 * The flow schemas and priority levels that every cluster has.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go (v1.36)
 */
const METADATA = { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } };

const ANYTHING = {
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
};
const LEASES = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] };
const EVERYBODY = [group('system:unauthenticated'), group('system:authenticated')];
const SYSTEM_ACCOUNTS = account('kube-system');

type Distinguisher = 'ByUser' | 'ByNamespace' | undefined;

interface SchemaRow {
  readonly name: string;
  readonly precedence: number;
  readonly level: string;
  readonly distinguisher: Distinguisher;
  readonly subjects: readonly object[];
  readonly rules: object;
}

function row(
  name: string,
  precedence: number,
  level: string,
  distinguisher: Distinguisher,
  subjects: readonly object[],
  rules: object = ANYTHING,
): SchemaRow {
  return { name, precedence, level, distinguisher, subjects, rules };
}

const SCHEMAS: readonly SchemaRow[] = [
  row('exempt', 1, 'exempt', undefined, [group('system:masters')]),
  row('probes', 2, 'exempt', undefined, EVERYBODY, {
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  row(
    'system-leader-election',
    100,
    'leader-election',
    'ByUser',
    [user('system:kube-controller-manager'), user('system:kube-scheduler'), SYSTEM_ACCOUNTS],
    { resourceRules: [{ verbs: ['get', 'create', 'update'], ...LEASES }] },
  ),
  row('system-node-high', 400, 'node-high', 'ByUser', [group('system:nodes')], {
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      { verbs: ['*'], ...LEASES },
    ],
  }),
  row('system-nodes', 500, 'system', 'ByUser', [group('system:nodes')]),
  row('kube-controller-manager', 800, 'workload-high', 'ByNamespace', [user('system:kube-controller-manager')]),
  row('kube-scheduler', 800, 'workload-high', 'ByNamespace', [user('system:kube-scheduler')]),
  row('kube-system-service-accounts', 900, 'workload-high', 'ByNamespace', [SYSTEM_ACCOUNTS]),
  row('service-accounts', 9000, 'workload-low', 'ByUser', [group('system:serviceaccounts')]),
  row('global-default', 9900, 'global-default', 'ByUser', EVERYBODY),
  row('catch-all', 10000, 'catch-all', 'ByUser', EVERYBODY),
];

/** name, shares, percent that others may borrow, queues and hand size. */
const QUEUED_LEVELS: readonly (readonly [string, number, number, number, number])[] = [
  ['system', 30, 33, 64, 6],
  ['node-high', 40, 25, 64, 6],
  ['leader-election', 10, 0, 16, 4],
  ['workload-high', 40, 50, 128, 6],
  ['workload-low', 100, 90, 128, 6],
  ['global-default', 20, 50, 128, 6],
];
const QUEUE_LENGTH = 50;

export function bootstrapFlowSchemas(): readonly object[] {
  return SCHEMAS.map(({ name, precedence, level, distinguisher, subjects, rules }) => ({
    metadata: { name, ...METADATA },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
      rules: [{ subjects, ...rules }],
    },
  }));
}

export function bootstrapPriorityLevels(): readonly object[] {
  const level = (name: string, spec: object): object => ({ metadata: { name, ...METADATA }, spec });
  return [
    level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    level('catch-all', {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
    }),
    ...QUEUED_LEVELS.map(([name, shares, lendable, queues, handSize]) =>
      level(name, {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: shares,
          limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: QUEUE_LENGTH } },
          lendablePercent: lendable,
        },
      }),
    ),
  ];
}

function group(name: string): object {
  return { kind: 'Group', group: { name } };
}

function user(name: string): object {
  return { kind: 'User', user: { name } };
}

/** Every service account of a namespace. */
function account(namespace: string): object {
  return { kind: 'ServiceAccount', serviceAccount: { namespace, name: '*' } };
}
