/**
 * Sees to it that every namespace has its default service account.
 *
 * Mirrors: pkg/controller/serviceaccount/serviceaccounts_controller.go (v1.36)
 */
import { namespaces, serviceAccounts } from '@kts/api';
import type { Namespace } from '@kts/api/types/core-v1';
import { isAlreadyExists } from '@kts/apimachinery';
import { defineController, watching } from '@kts/controlkit';

import { isNamespaceTerminating } from '../pods/pod-control.ts';

const ACCOUNTS = ['default'];

interface Observed {
  readonly namespace: Namespace;
  readonly present: ReadonlySet<string>;
}

export const serviceAccountController = defineController<Namespace, Observed, readonly string[]>({
  name: 'serviceaccount-controller',
  for: namespaces,
  watches: [watching(serviceAccounts, { map: ({ metadata }) => [{ name: metadata.namespace }], changed: () => false })],
  observe: (key, { informers }) => {
    const namespace = informers.get(namespaces).get(key);
    if (!namespace) return undefined;
    const present = informers.get(serviceAccounts).list(key.name);
    return { namespace, present: new Set(present.map(({ metadata }) => metadata.name)) };
  },
  plan: planAccounts,
  apply: async (missing, { namespace }, { client, signal }) => {
    for (const name of missing) {
      const metadata = { namespace: namespace.metadata.name, name };
      await client.create(serviceAccounts, { metadata }, { signal }).catch((error: unknown) => {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
      });
    }
  },
});

/** Which accounts are missing; none in a namespace that goes away. */
export function planAccounts({ namespace, present }: Observed): readonly string[] {
  return namespace.status?.phase === 'Active' ? ACCOUNTS.filter((name) => !present.has(name)) : [];
}
