/**
 * What a cluster needs so that its API server answers for the metrics API, and who may ask.
 *
 * Mirrors: metrics-server manifests/base (v0.8)
 * Differs: the component is a user, not a service account, and reaches kubelets through the API server.
 */
import { apiServices, clusterRoleBindings, clusterRoles } from '@kts/api';
import { isAlreadyExists, isNotFound, type KubeObject } from '@kts/apimachinery';
import type { Client } from '@kts/client';

const API_SERVICE = 'v1beta1.metrics.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';
const AGGREGATED = ['view', 'edit', 'admin'].map((role) => [`${RBAC}/aggregate-to-${role}`, 'true'] as const);

export interface MetricsApi {
  /** By which the API server knows who answers. */
  readonly service: ServiceName;
  /** Who the component is to the API server; the role that allows it what it needs has the same name. */
  readonly user: string;
}

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** Writes what is missing. `client` acts as an administrator. */
export async function publishMetricsApi(client: Client, { service, user }: MetricsApi): Promise<void> {
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: 'system:aggregated-metrics-reader', labels: Object.fromEntries(AGGREGATED) },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    }),
  );
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: user },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics', 'nodes/proxy'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    }),
  );
  await unlessThere(
    client.create(clusterRoleBindings, {
      metadata: { name: user },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: user },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: user }],
    }),
  );
  await unlessThere(
    client.create(apiServices, {
      metadata: { name: API_SERVICE },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service,
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    }),
  );
}

async function unlessThere(created: Promise<KubeObject>): Promise<void> {
  await created.catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

/**
 * Takes the API from a cluster that has run with it and now runs without; clients would take it for broken otherwise.
 * One that somebody else serves stays.
 */
export async function withdrawMetricsApi(client: Client, service: ServiceName): Promise<void> {
  try {
    const { metadata, spec } = await client.get(apiServices, { name: API_SERVICE });
    const { namespace, name } = spec?.service ?? {};
    if (namespace !== service.namespace || name !== service.name) return;
    await client.delete(apiServices, { name: API_SERVICE }, { preconditions: { uid: metadata.uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
