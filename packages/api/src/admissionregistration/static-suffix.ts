/**
 * Mirrors: pkg/apis/admissionregistration/validation/static_suffix.go (v1.36)
 */
import type { KubeObject } from '@kts/apimachinery';

const SUFFIX = '.static.k8s.io';

/** Such names are for configuration that a server reads from files. */
export function staticSuffixWarnings({ metadata }: KubeObject): readonly string[] {
  if (!metadata.name.endsWith(SUFFIX)) return [];
  return [
    `metadata.name: names ending with ${JSON.stringify(SUFFIX)} are reserved for static manifest-based configurations and cannot be managed via the API`,
  ];
}
