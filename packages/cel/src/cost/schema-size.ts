import type { CelType } from '../types/cel-type.ts';
import type { CostRange } from './cost-range.ts';

/** A variable and what is selected from it: field names, `@items`, `@keys`, `@values`, `@indices`. */
export type Path = readonly string[];

/**
 * How large the value at a path can be. The first step, the variable, is taken for the root whatever its name is, since a
 * rule's variables are all of the same schema.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go: sizeEstimator (v1.36)
 */
export function sizeAtPath(path: Path, root: CelType): CostRange | undefined {
  if (path.length === 0) return undefined;
  let type = root;
  for (const step of path.slice(1)) {
    const next = typeBelow(type, step);
    if (!next) return undefined;
    type = next;
  }
  return { min: 0, max: type.sizeMax ?? 0 };
}

function typeBelow(type: CelType, step: string): CelType | undefined {
  switch (step) {
    case '@items':
    case '@values':
      if (type.kind === 'list') return type.element;
      return type.kind === 'map' ? type.value : undefined;
    case '@keys':
      return type.kind === 'map' ? type.key : undefined;
    default:
      return type.kind === 'object' ? type.fields.get(step)?.type : undefined;
  }
}
