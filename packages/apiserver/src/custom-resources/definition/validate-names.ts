/**
 * Mirrors: ValidateCustomResourceDefinitionNames in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import { invalid, isDNS1035Label, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { CustomResourceDefinitionNames } from '@kts/api/types/apiextensions-v1';

/** Names that are there are labels; kinds may have upper case. */
export function validateNames(names: Partial<CustomResourceDefinitionNames>, path: FieldPath): FieldError[] {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names;
  return [
    ...validateLabel(plural, path.child('plural')),
    ...validateLabel(singular, path.child('singular')),
    ...validateKind(kind, path.child('kind')),
    ...validateKind(listKind, path.child('listKind')),
    ...shortNames.flatMap((name, index) => labelErrors(name, path.child('shortNames').index(index))),
    ...(kind !== '' && kind === listKind
      ? [invalid(path.child('listKind'), listKind, 'kind and listKind may not be the same')]
      : []),
    ...categories.flatMap((name, index) => labelErrors(name, path.child('categories').index(index))),
  ];
}

/** Names that a definition cannot do without. */
export function requireNames(names: Partial<CustomResourceDefinitionNames>, path: FieldPath): FieldError[] {
  const needed = ['plural', 'singular', 'kind', 'listKind'] as const;
  return needed.filter((name) => !names[name]).map((name) => required(path.child(name)));
}

function validateLabel(name: string, path: FieldPath): FieldError[] {
  return name === '' ? [] : labelErrors(name, path);
}

function labelErrors(name: string, path: FieldPath): FieldError[] {
  const problems = isDNS1035Label(name);
  return problems.length > 0 ? [invalid(path, name, problems.join(','))] : [];
}

function validateKind(kind: string, path: FieldPath): FieldError[] {
  const problems = kind === '' ? [] : isDNS1035Label(kind.toLowerCase());
  if (problems.length === 0) return [];
  return [invalid(path, kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`)];
}
