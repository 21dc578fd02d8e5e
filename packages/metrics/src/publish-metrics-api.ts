/**
 * What a cluster needs so that its API server answers for the metrics API, and who may ask.
 *
 * Mirrors: metrics-server manifests/base (v0.8)
 * Differs: nobody needs a token of the service account; kubelets are reached through the API server.
 */
import { apiServices, clusterRoleBindings, clusterRoles } from '@kts/api';
import { isAlreadyExists, isNotFound, type KubeObject } from '@kts/apimachinery';
import type { Client } from '@kts/client';

const API_SERVICE = 'v1beta1.metrics.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';
const AGGREGATED = ['view', 'edit', 'admin'].map((role) => [`${RBAC}/aggregate-to-${role}`, 'true'] as const);

/** Of the Service by which the API server knows who answers, and of the service account that the component is. */
export interface MetricsServerName {
  readonly namespace: string;
  readonly name: string;
}

/** Writes what is missing. `client` acts as an administrator. */
export async function publishMetricsApi(client: Client, server: MetricsServerName): Promise<void> {
  const role = `system:${server.name}`;
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: 'system:aggregated-metrics-reader', labels: Object.fromEntries(AGGREGATED) },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    }),
  );
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: role },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics', 'nodes/proxy'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    }),
  );
  await unlessThere(
    client.create(clusterRoleBindings, {
      metadata: { name: role },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', ...server }],
    }),
  );
  await unlessThere(
    client.create(apiServices, {
      metadata: { name: API_SERVICE },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: server,
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
export async function withdrawMetricsApi(client: Client, server: MetricsServerName): Promise<void> {
  try {
    const { metadata, spec } = await client.get(apiServices, { name: API_SERVICE });
    const { namespace, name } = spec?.service ?? {};
    if (namespace !== server.namespace || name !== server.name) return;
    await client.delete(apiServices, { name: API_SERVICE }, { preconditions: { uid: metadata.uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
