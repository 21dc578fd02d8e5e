import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { liveObjects } from '../admission/live-objects.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerResponse } from '../response.ts';
import { scaleResource, type ScaleFields } from '../subresources/scale.ts';
import { readPath, writePath } from './json-path.ts';

/** The scale of a custom object, at the places that its definition names. */
export async function customScale(scope: RequestScope): Promise<ApiServerResponse> {
  const { plural, group, version } = scope.definition;
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  const crd = await live.get<CustomResourceDefinition>(customResourceDefinitions, '', `${plural}.${group}`);
  const scale = crd?.spec.versions.find(({ name }) => name === version)?.subresources?.scale;
  const fields: ScaleFields = {
    replicas: (object) => numberAt(object, scale?.specReplicasPath),
    statusReplicas: (object) => numberAt(object, scale?.statusReplicasPath),
    selector: (object) => {
      const value = scale?.labelSelectorPath && readPath(object, scale.labelSelectorPath);
      return typeof value === 'string' ? value : '';
    },
    setReplicas: (draft, replicas) => {
      if (scale) writePath(draft, scale.specReplicasPath, replicas);
    },
  };
  return scaleResource(scope, fields);
}

function numberAt(object: unknown, path: string | undefined): number {
  const value = path && readPath(object, path);
  return typeof value === 'number' ? value : 0;
}
