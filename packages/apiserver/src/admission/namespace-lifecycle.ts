/**
 * Namespaces have to exist before anything is created in them, nothing new goes into one that is being deleted, and
 * some stay for ever.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle (v1.36)
 * Differs: does not wait for a namespace to appear, because the server's own cache shows every acknowledged write.
 */
import { forbiddenRequest, notFound, StatusError } from '@kts/apimachinery';
import { namespaces } from '@kts/api';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);
const ACCESS_REVIEWS = new Set([
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);

export function namespaceLifecycle(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async admit(attributes) {
      const { operation, namespace, name } = attributes;
      if (operation === 'CONNECT') return;
      const resource = resourceOf(attributes);
      if (resource === 'namespaces') {
        if (operation === 'DELETE' && IMMORTAL.has(name)) {
          throw forbiddenRequest(attributes.definition, name, 'this namespace may not be deleted');
        }
        return;
      }
      if (namespace === '' || operation === 'DELETE' || ACCESS_REVIEWS.has(resource)) return;
      const found = await live.get(namespaces, '', namespace);
      if (!found) throw notFound(namespaces, namespace);
      if (operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(attributes);
    },
  };
}

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace } = attributes;
  const error = forbiddenBy(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new StatusError({ ...error.status, details: { ...error.status.details, causes: [cause] } });
}
