import { carrySentEmpty, type Draft, type KubeObject, type ObjectMeta } from '@kts/apimachinery';

/** Metadata whose fields may be replaced; what they hold may be shared. */
export type MetadataDraft = { -readonly [K in keyof ObjectMeta]: ObjectMeta[K] };

/** An object that one request owns and may change in place, whatever its kind. */
export interface ObjectDraft {
  apiVersion?: string;
  kind?: string;
  metadata: MetadataDraft;
  [field: string]: unknown;
}

/** The draft as what it becomes when nobody changes it any more. */
export const asObject = (draft: ObjectDraft): KubeObject => draft as unknown as KubeObject;

/** The draft as strategies take it. */
export const asDraft = (draft: ObjectDraft): Draft<KubeObject> => draft as unknown as Draft<KubeObject>;

/** A copy of a shared object that may be changed. */
export function draftOf(object: object): ObjectDraft {
  return cloneJson(object) as ObjectDraft;
}

/** The field as an object, or undefined. */
export function objectField(object: object, name: string): Record<string, unknown> | undefined {
  const value = (object as Record<string, unknown>)[name];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = cloneJson(value[key]);
  carrySentEmpty(value, copy);
  return copy as T;
}

export function setOrDelete<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}
