/**
 * How objects of a custom kind come from the store and go there: they are read as the version that they are stored in
 * wants them now, whatever it wanted when they were written, and shown as far as the version that is asked for knows
 * them. Pure.
 *
 * Mirrors: crdConversionRESTOptionsGetter in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go and .../pkg/apiserver/conversion (v1.36)
 * Differs: objects get the defaults of the version they are stored in when they are written, and not only when they are
 * read. Where a webhook converts, it is not asked for managed fields of other versions, nor for the fields that watches
 * select by.
 */
import { deepEqual, type KubeObject } from '@kts/apimachinery';
import type { StorageConversion } from '@kts/api';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

import { cloneJson } from '../registry/object-draft.ts';
import type { ConvertObjects } from './conversion-webhook.ts';
import { applyDefaults } from './schema/defaulting.ts';
import { prune, pruneNulls } from './schema/prune.ts';

export function customConversion(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: CustomResourceDefinitionVersion,
  since: number,
  convert: ConvertObjects | undefined,
): StorageConversion<KubeObject> {
  const isStored = version.name === storage.name;
  const { group } = crd.spec;
  const read = (stored: KubeObject): KubeObject => {
    const own = crd.spec.versions.find(({ name }) => `${group}/${name}` === stored.apiVersion);
    return own ? withDefaults(own, shapedBy(crd, own, stored)) : stored;
  };
  const show = (stored: KubeObject, converted: KubeObject): KubeObject => {
    const isWhole = stored.apiVersion === `${group}/${version.name}`;
    const shown = isWhole ? converted : shapedBy(crd, version, converted);
    return deepEqual(stored, shown) ? stored : shown;
  };
  const write = (object: KubeObject): KubeObject =>
    isStored ? object : withDefaults(storage, shapedBy(crd, storage, object));
  return {
    toStorage: write,
    fromStorage: (stored) => show(stored, read(stored)),
    ...(convert
      ? {
          asked: {
            toStorage: async (object) => write((await convert([object], `${group}/${storage.name}`))[0]!),
            fromStorage: async (stored) => {
              const converted = await convert(stored.map(read), `${group}/${version.name}`);
              return stored.map((one, index) => show(one, converted[index]!));
            },
          },
        }
      : {}),
    between: (object, apiVersion) => ({ ...object, apiVersion }),
    ...(isStored ? { isCurrent: (revision: number) => revision > since } : {}),
  };
}

/** The object as one of a version, without what that does not know. */
function shapedBy(
  { spec: { group, preserveUnknownFields } }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  object: KubeObject,
): KubeObject {
  const schema = version.schema?.openAPIV3Schema;
  const apiVersion = `${group}/${version.name}`;
  const draft = { ...cloneJson({ ...object, metadata: {} }), apiVersion, metadata: object.metadata };
  if (!preserveUnknownFields) {
    prune(schema, draft, true);
    pruneNulls(schema, draft);
  }
  return draft;
}

/** Takes over the object. */
function withDefaults(version: CustomResourceDefinitionVersion, object: KubeObject): KubeObject {
  applyDefaults(version.schema?.openAPIV3Schema, object);
  return object;
}
