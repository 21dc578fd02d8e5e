/**
 * What expressions that change objects are made of: `Object{spec: Object.spec{replicas: 1}}` and `JSONPatch{...}`.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/mutation (v1.36)
 */
import { DYN, opaqueType, STRING, type CelMap, type CelValue, type ObjectField, type ObjectType } from '@kts/cel';

/** An object that an expression has made. Its fields may hold anything; its type's name says where it belongs. */
export class ObjectValue implements CelMap {
  readonly kind = 'map';
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, CelValue>;

  constructor(typeName: string, fields: ReadonlyMap<string, CelValue>) {
    this.typeName = typeName;
    this.fields = fields;
  }

  get size(): number {
    return this.fields.size;
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined;
  }

  keys(): Iterable<CelValue> {
    return this.fields.keys();
  }
}

const made =
  (typeName: string) =>
  (fields: ReadonlyMap<string, unknown>): ObjectValue =>
    new ObjectValue(typeName, fields as ReadonlyMap<string, CelValue>);

const PATCH_FIELDS = new Map<string, ObjectField>([
  ['op', { type: STRING }],
  ['path', { type: STRING }],
  ['from', { type: STRING }],
  ['value', { type: DYN }],
]);
/** Upstream has no type at all for other fields, so that nothing fits them. */
const NO_FIELD: ObjectField = { type: opaqueType('') };

export const JSON_PATCH_TYPE: ObjectType = {
  kind: 'object',
  name: 'JSONPatch',
  fields: Object.assign(new Map(PATCH_FIELDS), { get: (name: string) => PATCH_FIELDS.get(name) ?? NO_FIELD }),
  construct: made('JSONPatch'),
};

/** Every name is a field. */
const ANY_FIELDS: ReadonlyMap<string, ObjectField> = Object.assign(new Map<string, ObjectField>(), {
  get: (): ObjectField => ({ type: DYN }),
  has: (): boolean => true,
});

/** The type of that name, where it is one of those. */
export function mutationType(name: string): ObjectType | undefined {
  if (name === JSON_PATCH_TYPE.name) return JSON_PATCH_TYPE;
  if (name !== 'Object' && !name.startsWith('Object.')) return undefined;
  return { kind: 'object', name, fields: ANY_FIELDS, construct: made(name) };
}
