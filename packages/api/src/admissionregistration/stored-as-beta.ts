import type { KubeObject } from '@kts/apimachinery';
import type { StorageConversion } from '../resource-definition.ts';

const SERVED = 'admissionregistration.k8s.io/v1';
const STORED = 'admissionregistration.k8s.io/v1beta1';

/** Kinds too new for older servers of a cluster to read their v1 form, which differs in its name only. */
export const storedAsBeta = <T extends KubeObject>(): StorageConversion<T> => ({
  toStorage: (object) => ({ ...object, apiVersion: STORED }),
  fromStorage: (stored) => ({ ...stored, apiVersion: SERVED }) as T,
});
