/**
 * Mirrors: getUnrecognizedFormatsInCRD in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go (v1.36)
 */
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { isRecognizedFormat } from '../schema/string-formats.ts';
import { internalSpec, schemasOf } from './internal-form.ts';
import { everySchema } from './schema-walk.ts';

/** Formats that count for nothing, but those that did so before. */
export function formatWarnings(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): string[] {
  const before = new Set(old ? unrecognizedFormats(old) : []);
  const formats = unrecognizedFormats(crd).filter((format) => !before.has(format));
  return formats.map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function unrecognizedFormats({ spec }: CustomResourceDefinition): string[] {
  return schemasOf(internalSpec(spec))
    .flatMap((schema) => [...everySchema(schema)])
    .filter(({ type, format }) => format && !isRecognizedFormat(type, format))
    .map(({ format }) => format!);
}
