import { internalError } from '@kts/apimachinery';
import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { liveObjects } from '../admission/live-objects.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerResponse } from '../response.ts';
import { scaleResource, type ScaleFields } from '../subresources/scale.ts';
import { fieldsOfPath, nestedInteger, nestedString, setNested, type Nested } from './scale-paths.ts';

/** The scale of a custom object, at the places that its definition names. */
export async function customScale(scope: RequestScope): Promise<ApiServerResponse> {
  const { plural, group, version } = scope.definition;
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  const crd = await live.get<CustomResourceDefinition>(customResourceDefinitions, '', `${plural}.${group}`);
  const scale = crd?.spec.versions.find(({ name }) => name === version)?.subresources?.scale;
  const fields: ScaleFields = {
    replicas: (object) => {
      const replicas = scale && valueOf(nestedInteger(object, scale.specReplicasPath));
      if (replicas === undefined && scope.request.info.verb === 'get') {
        throw internalError(`the spec replicas field ${JSON.stringify(scale?.specReplicasPath)} does not exist`);
      }
      return replicas ?? 0;
    },
    statusReplicas: (object) => (scale && valueOf(nestedInteger(object, scale.statusReplicasPath))) ?? 0,
    selector: (object) => {
      const path = scale?.labelSelectorPath;
      return (path ? valueOf(nestedString(object, path)) : undefined) ?? '';
    },
    setReplicas: (draft, replicas) => {
      if (scale) setNested(draft, scale.specReplicasPath, replicas);
    },
    replicasPath: fieldsOfPath(scale?.specReplicasPath ?? '.spec.replicas'),
  };
  return scaleResource(scope, fields);
}

function valueOf<T>(nested: Nested<T>): T | undefined {
  return 'value' in nested ? nested.value : undefined;
}
