import type { JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import { insertPath, newFieldSet, type FieldSet, type FieldSetDraft } from './field-set.ts';
import type { PathElement } from './path-element.ts';
import { identityOf, isList, isMap, kindOfPlace, memberElement, memberType, type Type } from './typed-value.ts';

/**
 * The paths that an applied object claims: its leaves, the elements of its lists, the keys of its maps.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go (v1.36)
 */
export function fieldsOf(type: Type, value: JsonValue): FieldSet {
  const set = newFieldSet();
  collect(set, [], type, value);
  return set;
}

function collect(set: FieldSetDraft, path: PathElement[], type: Type, value: JsonValue): void {
  const kind = kindOfPlace(type, value, undefined);
  if (kind === 'leaf') insertPath(set, path);
  else if (kind === 'list' && isList(value)) collectElements(set, path, type as ListSchema, value);
  else if (kind === 'map' && isMap(value)) {
    for (const [name, member] of Object.entries(value)) {
      const { type: below, declared } = memberType(type, name);
      path.push(memberElement(name));
      collect(set, path, below, member);
      if (!declared || member === null || (isMap(member) && Object.keys(member).length === 0)) insertPath(set, path);
      path.pop();
    }
  }
}

/** Elements of the same identity are claimed as a whole. */
function collectElements(set: FieldSetDraft, path: PathElement[], type: ListSchema, list: readonly JsonValue[]): void {
  const elements = list.map((item) => identityOf(type, item));
  for (const [index, element] of elements.entries()) {
    if (element === undefined) continue;
    path.push(element);
    if (elements.indexOf(element) === elements.lastIndexOf(element)) collect(set, path, type.items, list[index]!);
    insertPath(set, path);
    path.pop();
  }
}
