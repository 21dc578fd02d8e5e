/**
 * What a cluster needs so that its API server answers for the metrics API, and who may ask.
 *
 * Mirrors: metrics-server manifests/base (v0.8)
 * Differs: the Service has a name of its own, so that a metrics-server that somebody installs takes over.
 */
import { apiServices, clusterRoleBindings, clusterRoles } from '@kts/api';
import { isAlreadyExists, isNotFound, type KubeObject } from '@kts/apimachinery';
import type { Client } from '@kts/client';

/** Which server the APIService names. There is no such Service: the API server knows this one by its name. */
export const METRICS_SERVICE = { namespace: 'kube-system', name: 'kts-metrics' };
/** Who the component is to the API server. */
export const METRICS_USER = 'system:kts-metrics';

const API_SERVICE = 'v1beta1.metrics.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';
const AGGREGATED = ['view', 'edit', 'admin'].map((role) => [`${RBAC}/aggregate-to-${role}`, 'true'] as const);

/** Writes what is missing. `client` acts as an administrator. */
export async function publishMetricsApi(client: Client): Promise<void> {
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: 'system:aggregated-metrics-reader', labels: Object.fromEntries(AGGREGATED) },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    }),
  );
  await unlessThere(
    client.create(clusterRoles, {
      metadata: { name: METRICS_USER },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics', 'nodes/proxy'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    }),
  );
  await unlessThere(
    client.create(clusterRoleBindings, {
      metadata: { name: METRICS_USER },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: METRICS_USER },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: METRICS_USER }],
    }),
  );
  await unlessThere(
    client.create(apiServices, {
      metadata: { name: API_SERVICE },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: METRICS_SERVICE,
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
export async function withdrawMetricsApi(client: Client): Promise<void> {
  try {
    const { metadata, spec } = await client.get(apiServices, { name: API_SERVICE });
    const { namespace, name } = spec?.service ?? {};
    if (namespace !== METRICS_SERVICE.namespace || name !== METRICS_SERVICE.name) return;
    await client.delete(apiServices, { name: API_SERVICE }, { preconditions: { uid: metadata.uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
