/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/errors.go (v1.36)
 */
import { forbiddenRequest, type StatusError } from '@kts/apimachinery';

import type { AdmissionAttributes } from './admission.ts';

/** A plugin's refusal. A new object without a name yet is called by its generateName. */
export function forbiddenBy(attributes: AdmissionAttributes, message: string): StatusError {
  const { definition, object } = attributes;
  const name = attributes.name || object?.metadata.name || object?.metadata.generateName || 'Unknown';
  return forbiddenRequest(definition, name, message);
}
