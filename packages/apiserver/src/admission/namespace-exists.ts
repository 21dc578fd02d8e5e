import { notFound } from '@kts/apimachinery';
import { namespaces } from '@kts/api';

import type { AdmissionPlugin } from './admission.ts';
import type { LiveObjects } from './live-objects.ts';

/**
 * Nothing is written in a namespace that does not exist.
 *
 * Mirrors: plugin/pkg/admission/namespace/exists (v1.36)
 */
export function namespaceExists(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'NamespaceExists',
    async validate({ namespace, definition, operation }) {
      if (namespace === '' || operation === 'CONNECT' || definition.storagePrefix === 'namespaces') return;
      if (!(await live.get(namespaces, '', namespace))) throw notFound(namespaces, namespace);
    },
  };
}
