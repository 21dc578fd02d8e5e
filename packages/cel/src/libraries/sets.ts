import type { Library } from '../check/function-declaration.ts';
import { iterate } from '../evaluate/collections.ts';
import { equalValues } from '../evaluate/equality.ts';
import type { CelList, CelValue } from '../evaluate/value.ts';

/**
 * Lists as sets.
 *
 * Mirrors: github.com/google/cel-go/ext/sets.go
 */
export const setsLibrary: Library = {
  'sets.contains': { overloads: { list_sets_contains_list: ['(list(T), list(T)) bool', containsAll] } },
  'sets.equivalent': {
    overloads: {
      list_sets_equivalent_list: [
        '(list(T), list(T)) bool',
        (a: CelList, b: CelList) => containsAll(a, b) && containsAll(b, a),
      ],
    },
  },
  'sets.intersects': {
    overloads: {
      list_sets_intersects_list: [
        '(list(T), list(T)) bool',
        (a: CelList, b: CelList) => [...iterate(a)].some((item) => has(b, item)),
      ],
    },
  },
};

function containsAll(list: CelList, items: CelList): boolean {
  for (const item of iterate(items)) if (!has(list, item)) return false;
  return true;
}

function has(list: CelList, wanted: CelValue): boolean {
  for (const item of iterate(list)) if (equalValues(item, wanted) === true) return true;
  return false;
}
