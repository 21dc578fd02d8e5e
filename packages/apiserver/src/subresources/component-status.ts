/**
 * What is left of an old way to look at a cluster's parts.
 *
 * Mirrors: pkg/registry/core/componentstatus/rest.go (v1.36)
 * Differs: the parts are not asked; they run with this server or report for themselves, so all that is shown is that
 * this server's store works.
 */
import { methodNotSupported, notFound, type KubeObject } from '@kts/apimachinery';

import { objectEntry } from '../registry/resource-storage.ts';
import { entryResponse, listResponse } from '../registry/respond.ts';
import type { SubresourceHandler } from './subresource.ts';

const COMPONENTS: readonly (readonly [name: string, message: string])[] = [['etcd-0', 'ok']];

export const componentStatusHandler: SubresourceHandler = async (scope) => {
  const { verb } = scope.request.info;
  const entries = COMPONENTS.map(([name, message]) =>
    objectEntry({ key: name, namespace: '', name, revision: 0 }, componentStatus(name, message)),
  );
  if (verb === 'list') return listResponse(scope, { entries, resourceVersion: '' });
  if (verb !== 'get') throw methodNotSupported(scope.definition, verb);
  const entry = entries.find(({ name }) => name === scope.name);
  if (!entry) throw notFound({ group: '', plural: 'componentstatus' }, scope.name);
  return entryResponse(scope, 200, entry);
};

function componentStatus(name: string, message: string): KubeObject {
  const object = {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message }],
  };
  return object as unknown as KubeObject;
}
