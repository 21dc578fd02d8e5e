import { insertPath, newFieldSet, recursiveDifference, union, type FieldPath, type FieldSet } from './field-set.ts';
import { fieldNameOf, type PathElement } from './path-element.ts';
import { isAssociative, memberType, type Type } from './typed-value.ts';

/**
 * A recorded set as the schema of today would have it: what has become atomic is owned as a whole.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/reconcile_schema.go (v1.36)
 */
export function reconcileFields(type: Type, fields: FieldSet): FieldSet {
  const atomic: FieldPath[] = [];
  visit(atomic, [], type, fields, false);
  if (atomic.length === 0) return fields;
  const whole = newFieldSet();
  for (const path of atomic) insertPath(whole, path);
  return union(recursiveDifference(fields, whole), whole);
}

/** `isLeaf`: the place itself is owned and nothing below it, as it should be for what is atomic. */
function visit(atomic: FieldPath[], path: FieldPath, type: Type, fields: FieldSet | undefined, isLeaf: boolean): void {
  if (type === undefined || type.type === 'scalar' || fields === undefined) return;
  if (isAtomic(type)) {
    if (!isLeaf) atomic.push(path);
    return;
  }
  for (const element of new Set([...fields.children.keys(), ...fields.members])) {
    const below = fields.children.get(element);
    visit(
      atomic,
      [...path, element],
      typeBelow(type, element),
      below,
      fields.members.has(element) && below === undefined,
    );
  }
}

function isAtomic(type: NonNullable<Type>): boolean {
  if (type.type === 'list') return !isAssociative(type);
  return (type.type === 'object' && type.structType === 'atomic') || (type.type === 'map' && type.mapType === 'atomic');
}

function typeBelow(type: NonNullable<Type>, element: PathElement): Type {
  const name = fieldNameOf(element);
  if (type.type === 'list') return type.items;
  return name === undefined ? undefined : memberType(type, name).type;
}
