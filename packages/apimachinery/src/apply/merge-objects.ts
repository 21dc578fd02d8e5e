import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import type { PathElement } from './path-element.ts';
import {
  identityOf,
  isEmptyList,
  isEmptyMap,
  isList,
  isMap,
  kindOfPlace,
  typeOfMember,
  type Type,
} from './typed-value.ts';

/**
 * The live object with what an applied one says laid over it. Neither is touched; unchanged parts are shared.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go (v1.36)
 */
export function mergeObjects(type: Type, live: JsonValue, applied: JsonValue): JsonValue {
  return mergePlace(type, live, applied) ?? null;
}

type Side = JsonValue | undefined;

/** `undefined`: there is nothing at this place. */
function mergePlace(type: Type, live: Side, applied: Side): Side {
  if (applied === undefined) return live;
  const kind = kindOfPlace(type, live, applied);
  if (kind === 'leaf') return applied;
  if (kind === 'map') {
    if (isEmptyMap(live) && isEmptyMap(applied)) return applied;
    return mergeMembers(type, isMap(live) ? live : {}, isMap(applied) ? applied : {});
  }
  if (isEmptyList(live) && isEmptyList(applied)) return applied;
  return mergeElements(type as ListSchema, isList(live) ? live : [], isList(applied) ? applied : []);
}

function mergeMembers(type: Type, live: JsonObject, applied: JsonObject): Side {
  const merged = new Map<string, JsonValue>();
  for (const name of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const left = Object.hasOwn(live, name) ? live[name] : undefined;
    const right = Object.hasOwn(applied, name) ? applied[name] : undefined;
    const result = mergePlace(typeOfMember(type, name), left, right);
    if (result !== undefined) merged.set(name, result);
  }
  return merged.size > 0 ? Object.fromEntries(merged) : undefined;
}

/**
 * Elements in the applied list's order; those that only the live one has stay where they are between them. Moves along
 * both lists at once, and from one shared element to the next.
 */
function mergeElements(type: ListSchema, live: readonly JsonValue[], applied: readonly JsonValue[]): Side {
  const left = indexElements(type, live);
  const right = indexElements(type, applied);
  const shared = right.order.filter((element) => left.values.has(element));
  const done = new Set<PathElement>();
  const merged: JsonValue[] = [];
  let nextShared = shared.shift();
  const add = (element: PathElement, liveItem: Side, appliedItem: Side): void => {
    const result =
      liveItem === undefined && appliedItem === undefined ? undefined : mergePlace(type.items, liveItem, appliedItem);
    if (result !== undefined) merged.push(result);
    if (appliedItem !== undefined) done.add(element);
  };
  for (let l = 0, r = 0; l < left.order.length || r < right.order.length;) {
    const leftElement = left.order[l];
    const rightElement = right.order[r];
    if (leftElement !== undefined && rightElement !== undefined) {
      if (leftElement === rightElement) {
        add(leftElement, left.values.get(leftElement), right.values.get(leftElement));
        l++;
        r++;
        nextShared = shared.shift();
        continue;
      }
      if (right.values.has(leftElement) && nextShared !== undefined && nextShared !== leftElement) {
        l++;
        continue;
      }
    }
    if (leftElement !== undefined) {
      if (!right.values.has(leftElement)) {
        add(leftElement, left.items[l], undefined);
        l++;
        continue;
      }
      if (done.has(leftElement)) l++;
    }
    if (rightElement !== undefined) {
      add(rightElement, left.values.get(rightElement), right.values.get(rightElement));
      r++;
      if (nextShared === rightElement) nextShared = shared.shift();
    }
  }
  return merged.length > 0 ? merged : undefined;
}

interface Indexed {
  readonly order: readonly PathElement[];
  readonly items: readonly JsonValue[];
  /** Elements that come several times are null: they are not merged. */
  readonly values: ReadonlyMap<PathElement, JsonValue>;
}

function indexElements(type: ListSchema, list: readonly JsonValue[]): Indexed {
  const order: PathElement[] = [];
  const items: JsonValue[] = [];
  const values = new Map<PathElement, JsonValue>();
  for (const item of list) {
    const element = identityOf(type, item);
    if (element === undefined) continue;
    values.set(element, values.has(element) ? null : item);
    order.push(element);
    items.push(item);
  }
  return { order, items, values };
}
