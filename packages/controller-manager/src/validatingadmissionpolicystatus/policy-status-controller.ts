/**
 * Says in a policy's status where its expressions do not fit the objects that they are about.
 *
 * Mirrors: pkg/controller/validatingadmissionpolicystatus (v1.36)
 */
import { validatingAdmissionPolicies } from '@kts/api';
import type { ValidatingAdmissionPolicy } from '@kts/api/types/admissionregistration-v1';
import { parseApiVersion } from '@kts/apimachinery';
import { defineController, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { kindsOf, resourcesOf, schemaOf } from './policy-kinds.ts';

const NAME = 'validatingadmissionpolicy-status-controller';
const FIELD_MANAGER = 'validatingadmissionpolicy-status';

interface Observed {
  readonly policy: ValidatingAdmissionPolicy;
}

export const policyStatusController: AnyControllerDefinition = defineController<
  ValidatingAdmissionPolicy,
  Observed,
  boolean
>({
  name: NAME,
  for: validatingAdmissionPolicies,
  observe: (key, { informers }) => {
    const policy = informers.get(validatingAdmissionPolicies).get(key);
    return policy && { policy };
  },
  plan: ({ policy }) => (policy.metadata.generation ?? 0) > (policy.status?.observedGeneration ?? 0),
  apply: async (isNew, { policy }, context) => {
    if (isNew) await check(policy, context);
  },
});

async function check(policy: ValidatingAdmissionPolicy, { client, signal }: ControllerContext): Promise<void> {
  const kinds = await kindsOf(resourcesOf(policy), client, signal);
  const { paramKind } = policy.spec ?? {};
  const params = paramKind && {
    ...parseApiVersion(paramKind.apiVersion ?? ''),
    kind: paramKind.kind ?? '',
  };
  const paramsSchema = params && (await schemaOf(params, client, signal));
  // The expression language is loaded for the first policy only.
  const { checkPolicy } = await import('./check-policy.ts');
  const expressionWarnings = checkPolicy(policy, kinds, paramsSchema);
  const { name, generation } = policy.metadata;
  const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
  const configuration = { metadata: { name }, status: { observedGeneration: generation ?? 0, typeChecking } };
  await client.apply(validatingAdmissionPolicies, configuration, {
    subresource: 'status',
    fieldManager: FIELD_MANAGER,
    force: true,
    signal,
  });
}
