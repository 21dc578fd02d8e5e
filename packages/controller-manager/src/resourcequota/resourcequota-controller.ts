/**
 * Keeps the usage in ResourceQuotas right: admission counts what comes, this controller what goes.
 *
 * Mirrors: pkg/controller/resourcequota/resource_quota_controller.go (v1.36)
 */
import { resourceQuotas } from '@kts/api';
import type { ResourceQuota } from '@kts/api/types/core-v1';
import { deepEqual, type KubeObject, type ObjectKey } from '@kts/apimachinery';
import { defineController, type AnyControllerDefinition, type ControllerContext, type Requeue } from '@kts/controlkit';

import { freesQuota, planQuotaStatus, resourceOfQuota, type Observed } from './plan-resourcequota.ts';
import { QuotaResources } from './quota-resources.ts';

/** How soon to look again for a resource whose cache fills, or that the server does not have yet. */
const CACHE_FILLS_MS = 100;
const UNKNOWN_RESOURCE_MS = 30_000;

interface Seen extends Observed {
  readonly missing: 'nothing' | 'cache' | 'resource';
}

export function resourceQuotaController(syncPeriodMs: number): AnyControllerDefinition {
  let resources: QuotaResources;
  return defineController<ResourceQuota, Seen, ResourceQuota['status']>({
    name: 'resourcequota-controller',
    for: resourceQuotas,
    changed: (old, quota) => !deepEqual(old.spec?.hard ?? {}, quota.spec?.hard ?? {}),
    setup: (context) => {
      const recount = (resource: string, object: KubeObject): void => enqueueQuotas(resource, object, context);
      resources = new QuotaResources({
        onDelete: recount,
        onUpdate: (resource, old, object) => {
          if (freesQuota(resource, old, object, context.clock.now())) recount(resource, object);
        },
      });
    },
    observe: (key, context) => observe(resources, key, context),
    plan: planQuotaStatus,
    apply: (status, seen, context) => apply(resources, status, seen, context, syncPeriodMs),
  });
}

function observe(resources: QuotaResources, key: ObjectKey, context: ControllerContext): Seen | undefined {
  const quota = context.informers.get(resourceQuotas).get(key);
  if (!quota) return undefined;
  const objects = new Map<string, readonly KubeObject[]>();
  let missing: Seen['missing'] = 'nothing';
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    const resource = resourceOfQuota(name);
    if (resource === undefined) continue;
    const informer = resources.informer(resource, context);
    if (informer?.hasSynced) objects.set(resource, informer.list(key.namespace));
    else if (informer) missing = 'cache';
    else if (missing === 'nothing') missing = 'resource';
  }
  return { quota, objects, missing, now: context.clock.now() };
}

async function apply(
  resources: QuotaResources,
  status: ResourceQuota['status'],
  { quota, missing }: Seen,
  context: ControllerContext,
  syncPeriodMs: number,
): Promise<Requeue> {
  if (missing === 'cache') return { requeueAfterMs: CACHE_FILLS_MS };
  if (status) await context.client.updateStatus(resourceQuotas, { ...quota, status }, { signal: context.signal });
  if (missing === 'nothing') return { requeueAfterMs: syncPeriodMs };
  await resources.discover(context);
  const names = Object.keys(quota.spec?.hard ?? {}).map(resourceOfQuota);
  const isFound = names.every((name) => name === undefined || resources.informer(name, context));
  return { requeueAfterMs: isFound ? CACHE_FILLS_MS : UNKNOWN_RESOURCE_MS };
}

function enqueueQuotas(resource: string, { metadata }: KubeObject, { informers, enqueue }: ControllerContext): void {
  for (const quota of informers.get(resourceQuotas).list(metadata.namespace)) {
    const names = Object.keys(quota.status?.hard ?? {});
    if (names.some((name) => resourceOfQuota(name) === resource)) enqueue(quota.metadata);
  }
}
