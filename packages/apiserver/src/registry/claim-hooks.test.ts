import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { namespaces, resourceClaims, resourceClaimTemplates } from '@kts/api';
import type { ResourceClaimSpec } from '@kts/api/types/resource-v1';

import { failureOf, startTestApiServer } from '../testing/index.ts';

const LABEL = 'resource.kubernetes.io/admin-access';
const spec: ResourceClaimSpec = {
  devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c', adminAccess: true } }] },
};
const REFUSED =
  /spec\.devices\.requests\[0\]\.adminAccess: Forbidden: admin access to devices requires the `resource\.kubernetes\.io\/admin-access: true` label on the containing namespace$/;

describe('access to devices as an administrator', () => {
  const metadata = { namespace: 'default', name: 'a' };

  test('is refused to claims and templates in a namespace without the label', async () => {
    await using server = await startTestApiServer();
    const claim = await failureOf(server.client.create(resourceClaims, { metadata, spec }));
    assert.equal(claim.reason, 'Invalid');
    assert.match(claim.message, REFUSED);
    const template = await failureOf(server.client.create(resourceClaimTemplates, { metadata, spec: { spec } }));
    assert.match(template.message, REFUSED);
  });

  test('is for a namespace with the label', async () => {
    await using server = await startTestApiServer();
    await server.client.create(namespaces, { metadata: { name: 'admin', labels: { [LABEL]: 'true' } }, spec: {} });
    const created = await server.client.create(resourceClaims, { metadata: { namespace: 'admin', name: 'a' }, spec });
    assert.equal(created.spec.devices?.requests?.[0]?.exactly?.adminAccess, true);
  });

  test('cannot be had by way of the status either', async () => {
    await using server = await startTestApiServer();
    const modest = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } };
    const created = await server.client.create(resourceClaims, { metadata, spec: modest });
    const results = [{ request: 'r', driver: 'd', pool: 'p', device: 'x', adminAccess: true }];
    const error = await failureOf(
      server.client.updateStatus(resourceClaims, { ...created, status: { allocation: { devices: { results } } } }),
    );
    assert.match(error.message, /status\.allocation\.devices\.results\[0\]\.adminAccess: Forbidden: admin access/);
  });
});
