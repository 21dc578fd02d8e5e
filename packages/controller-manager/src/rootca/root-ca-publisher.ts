/**
 * Puts the certificate that pods verify the API server with into every namespace.
 *
 * Mirrors: pkg/controller/certificates/rootcacertpublisher/publisher.go (v1.36)
 */
import { configMaps, namespaces } from '@kts/api';
import type { ConfigMap, Namespace } from '@kts/api/types/core-v1';
import { deepEqual, isNotFound, type New } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition } from '@kts/controlkit';

import { isNamespaceTerminating } from '../pods/pod-control.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION_ANNOTATION = 'kubernetes.io/description';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
  'clusters.';

interface Observed {
  readonly namespace: Namespace;
  readonly present: ConfigMap | undefined;
}

type PublishPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'create'; readonly configMap: New<ConfigMap> }
  | { readonly do: 'update'; readonly configMap: ConfigMap };

export function rootCAPublisher(rootCA: string): AnyControllerDefinition {
  return defineController<Namespace, Observed, PublishPlan>({
    name: 'root-ca-certificate-publisher-controller',
    for: namespaces,
    watches: [
      watching(configMaps, {
        selection: { fieldSelector: `metadata.name=${NAME}` },
        map: ({ metadata }) => [{ name: metadata.namespace }],
      }),
    ],
    observe: (key, { informers }) => {
      const namespace = informers.get(namespaces).get(key);
      if (!namespace) return undefined;
      const selection = { fieldSelector: `metadata.name=${NAME}` };
      return { namespace, present: informers.get(configMaps, selection).get({ namespace: key.name, name: NAME }) };
    },
    plan: (observed) => planPublication(observed, rootCA),
    apply: async (plan, _observed, { client, signal }) => {
      if (plan.do === 'update') await client.update(configMaps, plan.configMap, { signal });
      if (plan.do !== 'create') return;
      await client.create(configMaps, plan.configMap, { signal }).catch((error: unknown) => {
        if (!isNotFound(error) && !isNamespaceTerminating(error)) throw error;
      });
    },
  });
}

export function planPublication({ namespace, present }: Observed, rootCA: string): PublishPlan {
  const data = { 'ca.crt': rootCA };
  if (!present) {
    if (namespace.status?.phase !== 'Active') return { do: 'nothing' };
    const annotations = { [DESCRIPTION_ANNOTATION]: DESCRIPTION };
    return {
      do: 'create',
      configMap: { metadata: { namespace: namespace.metadata.name, name: NAME, annotations }, data },
    };
  }
  const { metadata } = present;
  if (deepEqual(present.data, data) && metadata.annotations?.[DESCRIPTION_ANNOTATION]) return { do: 'nothing' };
  const annotations = { ...metadata.annotations, [DESCRIPTION_ANNOTATION]: DESCRIPTION };
  return { do: 'update', configMap: { ...present, metadata: { ...metadata, annotations }, data } };
}
