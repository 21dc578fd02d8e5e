import { defineResource } from '../define-resource.ts';
import type { ServiceAccount } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';

const MOUNTABLE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

/**
 * An identity for pods.
 *
 * Mirrors: pkg/registry/core/serviceaccount/strategy.go (v1.36)
 */
export const serviceAccounts = defineResource<ServiceAccount>('v1', 'serviceaccounts', {
  generation: 'none',
  prepareForCreate: ({ secrets }) => keepNames(secrets),
  prepareForUpdate: ({ secrets }) => keepNames(secrets),
  validateUpdate: ({ metadata }) => validateObjectMeta(metadata, { namespaced: true }),
  warnings: ({ metadata }, old) => {
    if (!isRestricted(metadata.annotations) || isRestricted(old?.metadata.annotations)) return [];
    return [
      `metadata.annotations[${MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
    ];
  },
  cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
});

function isRestricted(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.[MOUNTABLE_SECRETS] !== undefined;
}

/** Secrets are in the account's namespace: all of a reference but its name is dropped. */
function keepNames(secrets: object[] | undefined): void {
  for (const reference of secrets ?? []) {
    for (const field of Object.keys(reference)) {
      if (field !== 'name') delete (reference as Record<string, unknown>)[field];
    }
  }
}
