/**
 * A definition as upstream validates it: what is the same in all versions stands beside the versions, which shows in
 * the paths of messages. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go (v1.36)
 */
import { carrySentEmpty, deepEqual } from '@kts/apimachinery';
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '@kts/api/types/apiextensions-v1';

const SHARED = ['subresources', 'schema', 'additionalPrinterColumns', 'selectableFields'] as const;
type SharedField = (typeof SHARED)[number];

export interface InternalSpec extends Omit<CustomResourceDefinitionSpec, 'versions'> {
  readonly versions: readonly CustomResourceDefinitionVersion[];
  /** What all versions have in common. Where a field is here, no version has it. */
  readonly common: Pick<CustomResourceDefinitionVersion, SharedField>;
}

export function internalSpec(spec: CustomResourceDefinitionSpec): InternalSpec {
  const versions = (spec.versions ?? []).map((version) => ({ ...version }));
  const common: Record<string, unknown> = {};
  const first = versions[0];
  for (const field of SHARED) {
    if (!first || !versions.every((version) => same(version[field], first[field]))) continue;
    if (first[field] !== undefined) common[field] = first[field];
    for (const version of versions) delete (version as Partial<Record<SharedField, unknown>>)[field];
  }
  return carrySentEmpty(spec, { ...spec, versions, common });
}

/** Nothing is the same as an empty list. */
function same(a: unknown, b: unknown): boolean {
  return deepEqual(
    Array.isArray(a) && a.length === 0 ? undefined : a,
    Array.isArray(b) && b.length === 0 ? undefined : b,
  );
}

/** All schemas of a definition. */
export function schemasOf({ common, versions }: InternalSpec): readonly JSONSchemaProps[] {
  const all = [common, ...versions].map(({ schema }) => schema?.openAPIV3Schema);
  return all.filter((schema) => schema !== undefined);
}
