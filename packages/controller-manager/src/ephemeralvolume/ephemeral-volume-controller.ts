/**
 * Makes the claims of pods' ephemeral volumes, which live as long as their pods.
 *
 * Mirrors: pkg/controller/volume/ephemeral/controller.go (v1.36)
 */
import { persistentVolumeClaims, pods } from '@kts/api';
import type { PersistentVolumeClaim, Pod, Volume } from '@kts/api/types/core-v1';
import { keyText, type New } from '@kts/apimachinery';
import {
  controllerRefOf,
  defineController,
  isControlledBy,
  newControllerRef,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
} from '@kts/controlkit';

import { errorMessage } from '../pods/pod-control.ts';

interface Observed {
  readonly pod: Pod;
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
}

export interface EphemeralStep {
  readonly volume: string;
  readonly claim: New<PersistentVolumeClaim>;
  /** Why the claim cannot be made: its name is taken. */
  readonly problem?: string;
}

export const ephemeralVolumeController: AnyControllerDefinition = defineController<
  Pod,
  Observed,
  readonly EphemeralStep[]
>({
  name: 'ephemeral-volume-controller',
  for: pods,
  concerns: ({ spec }) => spec.volumes?.some(isEphemeral) ?? false,
  changed: () => false,
  watches: [
    watching(persistentVolumeClaims, {
      map: (claim) => {
        const owner = controllerRefOf(claim);
        return owner?.kind === 'Pod' ? [{ namespace: claim.metadata.namespace, name: owner.name }] : [];
      },
      changed: () => false,
    }),
  ],
  observe: ({ namespace = '', name }, { informers }) => {
    const pod = informers.get(pods).get({ namespace, name });
    if (!pod || pod.metadata.deletionTimestamp !== undefined || !pod.spec.volumes?.some(isEphemeral)) return undefined;
    const claims = pod.spec.volumes.flatMap((volume) => {
      const claim = informers.get(persistentVolumeClaims).get({ namespace, name: claimNameOf(pod, volume) });
      return claim ? [[claim.metadata.name, claim] as const] : [];
    });
    return { pod, claims: new Map(claims) };
  },
  plan: planEphemeralClaims,
  apply: async (steps, { pod }, context) => {
    for (const step of steps) await makeClaim(step, pod, context);
  },
});

/** One step for each volume whose claim is missing, or somebody else's. */
export function planEphemeralClaims({ pod, claims }: Observed): readonly EphemeralStep[] {
  return (pod.spec.volumes ?? []).filter(isEphemeral).flatMap((volume): readonly EphemeralStep[] => {
    const name = claimNameOf(pod, volume);
    const known = claims.get(name);
    if (known && isControlledBy(known, pod)) return [];
    const claim = claimOf(pod, volume, name);
    if (!known) return [{ volume: volume.name, claim }];
    const [claimText, podText] = [keyText(known.metadata), keyText(pod.metadata)];
    const problem = `PVC ${claimText} was not created for pod ${podText} (pod is not owner)`;
    return [{ volume: volume.name, claim, problem }];
  });
}

async function makeClaim(step: EphemeralStep, pod: Pod, { client, events, signal }: ControllerContext): Promise<void> {
  const { volume, claim, problem } = step;
  const fail = (message: string, cause?: unknown): never => {
    events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume}: ${message}`);
    throw new Error(`pod ${keyText(pod.metadata)}, ephemeral volume ${volume}: ${message}`, { cause });
  };
  if (problem !== undefined) return fail(problem);
  try {
    await client.create(persistentVolumeClaims, claim, { signal });
  } catch (error) {
    fail(`create PVC ${claim.metadata.name}: ${errorMessage(error)}`, error);
  }
}

function claimOf(pod: Pod, { ephemeral }: Volume, name: string): New<PersistentVolumeClaim> {
  const { metadata = {}, spec = {} } = ephemeral?.volumeClaimTemplate ?? {};
  const { labels, annotations } = metadata;
  return {
    metadata: {
      name,
      namespace: pod.metadata.namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ownerReferences: [newControllerRef(pod, pods)],
    },
    spec,
  };
}

function claimNameOf(pod: Pod, { name }: Volume): string {
  return `${pod.metadata.name}-${name}`;
}

function isEphemeral({ ephemeral }: Volume): boolean {
  return ephemeral !== undefined;
}
