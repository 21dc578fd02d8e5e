/**
 * How objects of a custom kind come from the store and go there: they are shown as the version that is asked for wants
 * them now, whatever it wanted when they were written. Pure.
 *
 * Mirrors: crdConversionRESTOptionsGetter in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go and .../pkg/apiserver/conversion (v1.36)
 * Differs: objects get the defaults of the version they are stored in when they are written, and not only when they are
 * read.
 */
import { deepEqual, type KubeObject } from '@kts/apimachinery';
import type { StorageConversion } from '@kts/api';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

import { cloneJson } from '../registry/object-draft.ts';
import { applyDefaults } from './schema/defaulting.ts';
import { prune, pruneNulls } from './schema/prune.ts';

export function customConversion(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: CustomResourceDefinitionVersion,
  since: number,
): StorageConversion<KubeObject> {
  const isStored = version.name === storage.name;
  const at = (object: KubeObject, apiVersion: string): KubeObject => {
    const name = apiVersion.slice(apiVersion.indexOf('/') + 1);
    const other = crd.spec.versions.find((one) => one.name === name);
    return other ? formedBy(crd, other, object) : object;
  };
  return {
    toStorage: (object) => (isStored ? object : formedBy(crd, storage, object)),
    fromStorage: (stored) => sameOr(stored, formedBy(crd, version, stored)),
    between: at,
    ...(isStored ? { isCurrent: (revision: number) => revision > since } : {}),
  };
}

/** Objects that need no change go on to be sent as the bytes they are stored as. */
function sameOr(stored: KubeObject, formed: KubeObject): KubeObject {
  return deepEqual(stored, formed) ? stored : formed;
}

/** The object as a version wants it. */
function formedBy(
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
  applyDefaults(schema, draft);
  return draft;
}
