import { certificateSigningRequests, nodes, resourceQuotas, validatingAdmissionPolicies } from '@kts/api';

import { clusterRoleAggregationController } from '../clusterroleaggregation/clusterroleaggregation-controller.ts';
import { createGarbageCollector } from '../garbagecollector/garbage-collector.ts';
import { when } from '../lazy/lazy-controller.ts';
import { namespaceController } from '../namespace/namespace-controller.ts';
import { createNodeLifecycleController } from '../nodelifecycle/node-lifecycle-controller.ts';
import { podGCController } from '../podgc/podgc-controller.ts';
import { rootCAPublisher } from '../rootca/root-ca-publisher.ts';
import { legacyTokenCleaner } from '../serviceaccount/legacy-token-cleaner.ts';
import { serviceAccountController } from '../serviceaccount/serviceaccount-controller.ts';
import { tokenSecretController } from '../serviceaccount/token-secret-controller.ts';
import { ttlController } from '../ttl/ttl-controller.ts';
import { always, lazily, type ControllerEntry } from './controller-entry.ts';

const certificateRequests = [when(certificateSigningRequests)];

/** Nodes, namespaces, who may do what, and what is left over. */
export const CLUSTER_ENTRIES: readonly ControllerEntry[] = [
  {
    name: 'garbage-collector-controller',
    eventSource: 'garbage-collector-controller',
    make: (_config, deps) => [createGarbageCollector(deps)],
  },
  { name: 'namespace-controller', eventSource: 'namespace-controller', make: always(() => [namespaceController]) },
  {
    name: 'serviceaccount-controller',
    eventSource: 'serviceaccount-controller',
    make: always(() => [serviceAccountController]),
  },
  {
    name: 'serviceaccount-token-controller',
    eventSource: 'serviceaccount-token-controller',
    make: always(({ serviceAccountKey: key, rootCA }) =>
      key === undefined ? [] : [tokenSecretController({ key, rootCA })],
    ),
  },
  {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    eventSource: 'legacy-serviceaccount-token-cleaner-controller',
    make: always(({ legacyServiceAccountTokenCleanUpPeriodMs }) => [
      legacyTokenCleaner(legacyServiceAccountTokenCleanUpPeriodMs),
    ]),
  },
  {
    name: 'root-ca-certificate-publisher-controller',
    eventSource: 'root-ca-certificate-publisher-controller',
    make: always(({ rootCA }) => (rootCA === undefined ? [] : [rootCAPublisher(rootCA)])),
  },
  {
    name: 'clusterrole-aggregation-controller',
    eventSource: 'clusterrole-aggregation-controller',
    make: always(() => [clusterRoleAggregationController]),
  },
  {
    name: 'resourcequota-controller',
    eventSource: 'resourcequota-controller',
    make: lazily([when(resourceQuotas)], async ({ resourceQuotaSyncPeriodMs }) => {
      const { resourceQuotaController } = await import('../resourcequota/resourcequota-controller.ts');
      return [resourceQuotaController(resourceQuotaSyncPeriodMs)];
    }),
  },
  { name: 'node-lifecycle-controller', eventSource: 'node-controller', make: createNodeLifecycleController },
  {
    name: 'taint-eviction-controller',
    eventSource: 'taint-eviction-controller',
    make: lazily(
      [when(nodes, ({ spec }) => spec?.taints?.some(({ effect }) => effect === 'NoExecute') ?? false)],
      async () => {
        const { taintEvictionController } = await import('../tainteviction/taint-eviction-controller.ts');
        return [taintEvictionController()];
      },
    ),
  },
  { name: 'ttl-controller', eventSource: 'ttl-controller', make: always(() => [ttlController()]) },
  {
    name: 'pod-garbage-collector-controller',
    eventSource: 'pod-garbage-collector-controller',
    make: always(({ terminatedPodGCThreshold }) => [podGCController(terminatedPodGCThreshold)]),
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    eventSource: 'certificatesigningrequest-approving-controller',
    make: lazily(certificateRequests, async () => {
      const { approvingController } = await import('../certificates/approving-controller.ts');
      return [approvingController];
    }),
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    eventSource: 'certificatesigningrequest-signing-controller',
    make: lazily(certificateRequests, async (config) => {
      const { signingAuthorities, signingController } = await import('../certificates/signing-controller.ts');
      const authorities = signingAuthorities(config);
      const options = { authorities, durationMs: config.clusterSigningDurationMs };
      return Object.keys(authorities).length === 0 ? [] : [signingController(options)];
    }),
  },
  {
    name: 'certificatesigningrequest-cleaner-controller',
    eventSource: 'certificatesigningrequest-cleaner-controller',
    make: lazily(certificateRequests, async () => {
      const { requestCleaner } = await import('../certificates/cleaner-controller.ts');
      return [requestCleaner];
    }),
  },
  {
    name: 'validatingadmissionpolicy-status-controller',
    eventSource: 'validatingadmissionpolicy-status',
    make: lazily([when(validatingAdmissionPolicies)], async () => {
      const { policyStatusController } = await import('../validatingadmissionpolicystatus/policy-status-controller.ts');
      return [policyStatusController];
    }),
  },
  {
    name: 'bootstrap-signer-controller',
    eventSource: 'bootstrap-signer-controller',
    offByDefault: true,
    make: lazily([], async () => {
      const { bootstrapSigner } = await import('../bootstrap/bootstrap-signer.ts');
      return [bootstrapSigner];
    }),
  },
  {
    name: 'token-cleaner-controller',
    eventSource: 'token-cleaner-controller',
    offByDefault: true,
    make: lazily([], async () => {
      const { tokenCleaner } = await import('../bootstrap/token-cleaner.ts');
      return [tokenCleaner];
    }),
  },
];
