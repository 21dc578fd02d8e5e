/**
 * The checks of an API server, under the names that upstream's have. The server listens only after everything that
 * they stand for has been done, so most of them cannot fail; the store, the followers and the shutdown can.
 */
import type { HealthCheck } from '@kts/base';
import type { Store } from '@kts/store';

import { passing } from './health-checks.ts';

export interface ServerState {
  readonly store: Pick<Store, 'revision'>;
  /** Roles, bindings and flow schemas have been read. */
  readonly synced: () => boolean;
  readonly stopping: () => boolean;
}

const HOOKS = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'peer-endpoint-reconciler-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'storage-readiness',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-wait-for-first-sync',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
];
const LATE_HOOKS = ['apiservice-openapi-controller', 'apiservice-openapiv3-controller'];

/** In the order in which they are shown. */
export function serverChecks(endpoint: 'livez' | 'readyz' | 'healthz', state: ServerState): readonly HealthCheck[] {
  const hook = (name: string): HealthCheck => passing(`poststarthook/${name}`);
  const etcd = (name: string): HealthCheck => ({
    name,
    check: async () => {
      await state.store.revision();
    },
  });
  const hooks = [...HOOKS.map(hook), passing('autoregister-completion'), ...LATE_HOOKS.map(hook)];
  if (endpoint !== 'readyz') {
    return [passing('ping'), passing('log'), passing('loopback-serving-certificate'), etcd('etcd'), ...hooks];
  }
  const holds = (name: string, condition: () => boolean, problem: string): HealthCheck => ({
    name,
    check: () => (condition() ? Promise.resolve() : Promise.reject(new Error(problem))),
  });
  return [
    passing('ping'),
    passing('log'),
    etcd('etcd'),
    etcd('etcd-readiness'),
    holds('informer-sync', state.synced, 'informers not started yet'),
    ...hooks,
    holds('shutdown', () => !state.stopping(), 'process is shutting down'),
  ];
}
