import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { apiServices, clusterRoleBindings, clusterRoles } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';
import { startTestApiServer } from '@kts/apiserver/testing';
import type { Client } from '@kts/client';

import { publishMetricsApi, withdrawMetricsApi } from './publish-metrics-api.ts';

const SERVER = { namespace: 'kube-system', name: 'own' };
const API = { name: 'v1beta1.metrics.k8s.io' };

const serviceOf = async (client: Client): Promise<string | undefined> => {
  try {
    return (await client.get(apiServices, API)).spec?.service?.name;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

describe('the metrics API of a cluster', () => {
  it('is there once, for everybody who may view', async () => {
    await using server = await startTestApiServer();
    const { client } = server;
    await publishMetricsApi(client, SERVER);
    await publishMetricsApi(client, SERVER);
    assert.equal(await serviceOf(client), 'own');
    const reader = await client.get(clusterRoles, { name: 'system:aggregated-metrics-reader' });
    assert.equal(reader.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-view'], 'true');
    const { subjects } = await client.get(clusterRoleBindings, { name: 'system:own' });
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', ...SERVER }]);
  });

  it('goes with who serves it', async () => {
    await using server = await startTestApiServer();
    await withdrawMetricsApi(server.client, SERVER);
    await publishMetricsApi(server.client, SERVER);
    await withdrawMetricsApi(server.client, SERVER);
    assert.equal(await serviceOf(server.client), undefined);
  });

  it('stays with somebody else who serves it', async () => {
    await using server = await startTestApiServer();
    await publishMetricsApi(server.client, { ...SERVER, name: 'other' });
    await publishMetricsApi(server.client, SERVER);
    await withdrawMetricsApi(server.client, SERVER);
    assert.equal(await serviceOf(server.client), 'other');
  });
});
