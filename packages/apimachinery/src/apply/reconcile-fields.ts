import type { JsonObject } from '../scalars.ts';
import {
  hasElements,
  insertPath,
  newFieldSet,
  recursiveDifference,
  union,
  type FieldPath,
  type FieldSet,
} from './field-set.ts';
import { fieldNameOf, parsePathElement, type PathElement } from './path-element.ts';
import { isAssociative, typeOfMember, type Type } from './typed-value.ts';

/**
 * A recorded set as the schema of today would have it: what has become atomic is owned as a whole.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/reconcile_schema.go (v1.36)
 */
export function reconcileFields(type: Type, fields: FieldSet): FieldSet {
  const atomic: FieldPath[] = [];
  if (fields.encoded) visitEncoded({ atomic, path: [] }, type, fields.encoded);
  else visit({ atomic, path: [] }, type, fields);
  if (atomic.length === 0) return fields;
  const whole = newFieldSet();
  for (const path of atomic) insertPath(whole, path);
  return union(recursiveDifference(fields, whole), whole);
}

interface Walk {
  /** What is atomic although something below it is owned. */
  readonly atomic: FieldPath[];
  readonly path: PathElement[];
}

function visit(walk: Walk, type: Type, fields: FieldSet): void {
  if (type === undefined || type.type === 'scalar') return;
  if (isAtomic(type)) {
    walk.atomic.push([...walk.path]);
    return;
  }
  for (const [element, below] of fields.children) {
    walk.path.push(element);
    visit(walk, typeBelow(type, element), below);
    walk.path.pop();
  }
}

/** The same of a set that need not be taken apart if all is well, as nearly always. */
function visitEncoded(walk: Walk, type: Type, fields: JsonObject): void {
  if (type === undefined || type.type === 'scalar') return;
  if (isAtomic(type)) {
    walk.atomic.push([...walk.path]);
    return;
  }
  for (const key in fields) {
    const below = fields[key] as JsonObject;
    if (!hasElements(below)) continue;
    const element = parsePathElement(key);
    if (element === undefined) continue;
    walk.path.push(element);
    visitEncoded(walk, typeBelow(type, element), below);
    walk.path.pop();
  }
}

function isAtomic(type: NonNullable<Type>): boolean {
  if (type.type === 'list') return !isAssociative(type);
  return (type.type === 'object' && type.structType === 'atomic') || (type.type === 'map' && type.mapType === 'atomic');
}

function typeBelow(type: NonNullable<Type>, element: PathElement): Type {
  const name = fieldNameOf(element);
  if (type.type === 'list') return type.items;
  return name === undefined ? undefined : typeOfMember(type, name);
}
