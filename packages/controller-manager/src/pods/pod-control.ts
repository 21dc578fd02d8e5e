/**
 * Creating and deleting pods in the name of their controller, with the events that say so.
 *
 * Mirrors: pkg/controller/controller_utils.go, RealPodControl and GetPodFromTemplate (v1.36)
 */
import { pods } from '@kts/api';
import type { Pod, PodTemplateSpec } from '@kts/api/types/core-v1';
import {
  isNotFound,
  nameIsDNSSubdomain,
  StatusError,
  type KubeObject,
  type New,
  type ResourceType,
} from '@kts/apimachinery';
import { newControllerRef, type ControllerContext } from '@kts/controlkit';

export type PodControlContext = Pick<ControllerContext, 'client' | 'events' | 'signal'>;

export function podFromTemplate(
  template: PodTemplateSpec,
  owner: KubeObject,
  ownerType: ResourceType<KubeObject>,
): New<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: generateNamePrefix(owner.metadata.name),
      ...(owner.metadata.namespace ? { namespace: owner.metadata.namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [newControllerRef(owner, ownerType)],
    },
    spec: template.spec ?? { containers: [] },
  };
}

/** @throws what the server says, after telling it in an event; nothing is told of a namespace that is going away. */
export async function createPod(context: PodControlContext, owner: KubeObject, pod: New<Pod>): Promise<Pod> {
  if (Object.keys(pod.metadata.labels ?? {}).length === 0) throw new Error('unable to create pods, no labels');
  try {
    const created = await context.client.create(pods, pod, { signal: context.signal });
    context.events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error)) {
      context.events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorMessage(error)}`);
    }
    throw error;
  }
}

/** Returns false if the pod was gone already. @throws after telling it in an event */
export async function deletePod(context: PodControlContext, owner: KubeObject, pod: Pod): Promise<boolean> {
  try {
    await context.client.delete(pods, pod.metadata, { signal: context.signal });
  } catch (error) {
    if (isNotFound(error)) return false;
    context.events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorMessage(error)}`);
    throw new Error(`unable to delete pods: ${errorMessage(error)}`, { cause: error });
  }
  context.events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  return true;
}

/** Nothing can be created in the namespace any more: not worth an event or another try. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!StatusError.is(error)) return false;
  return error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function generateNamePrefix(ownerName: string): string {
  const prefix = `${ownerName}-`;
  return nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : ownerName;
}
