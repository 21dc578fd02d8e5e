/**
 * The pods of a StatefulSet: each has a number, and what follows from it: its name, its labels and its volumes.
 *
 * Mirrors: pkg/controller/statefulset/stateful_set_utils.go (v1.36)
 */
import { statefulSets } from '@kts/api';
import type { ControllerRevision, StatefulSet } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { isPodAvailable, isPodReady } from '../pods/pod-state.ts';
import { podFromTemplate } from '../pods/pod-control.ts';

export const REVISION_LABEL = 'controller-revision-hash';
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';
const INT32_MAX = 2 ** 31 - 1;

/** A pod that exists, or is to be created. */
export type AnyPod = Pod | New<Pod>;

/** Undefined if the name has no number. */
export function ordinalOf(pod: AnyPod): number | undefined {
  const digits = /-(\d+)$/.exec(pod.metadata.name ?? '')?.[1];
  return digits !== undefined && Number(digits) <= INT32_MAX ? Number(digits) : undefined;
}

/** By its name. */
export function isMember(set: StatefulSet, pod: AnyPod): boolean {
  return /^(.*)-\d+$/.exec(pod.metadata.name ?? '')?.[1] === set.metadata.name;
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0;
}

export function isInRange(set: StatefulSet, pod: AnyPod): boolean {
  const ordinal = ordinalOf(pod) ?? -1;
  const first = firstOrdinal(set);
  return ordinal >= first && ordinal < first + (set.spec.replicas ?? 1);
}

export function revisionOf(pod: AnyPod): string | undefined {
  return pod.metadata.labels?.[REVISION_LABEL];
}

/** What a revision keeps of a set. */
export interface RevisionData {
  readonly spec: { readonly template: PodTemplateSpec & { readonly $patch?: 'replace' } };
}

/** The set as it was at that revision. */
export function setAtRevision(set: StatefulSet, { data }: Pick<ControllerRevision, 'data'>): StatefulSet {
  const { template } = (data as unknown as RevisionData).spec;
  const { $patch: _, ...restored } = template;
  return { ...set, spec: { ...set.spec, template: restored } };
}

export function newStatefulPod(set: StatefulSet, ordinal: number, revision: string): New<Pod> {
  const pod = podFromTemplate(set.spec.template, set, statefulSets);
  const name = `${set.metadata.name}-${ordinal}`;
  const named = { ...pod, metadata: { ...pod.metadata, name, namespace: set.metadata.namespace } };
  const { serviceName } = set.spec;
  return {
    metadata: {
      ...named.metadata,
      labels: { ...named.metadata.labels, ...identityLabels(name, ordinal), [REVISION_LABEL]: revision },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
      ...volumesOf(set, named),
    },
  };
}

export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  return isMember(set, pod) && pod.metadata.labels?.[POD_NAME_LABEL] === pod.metadata.name;
}

export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  if (ordinal === undefined) return false;
  return (set.spec.volumeClaimTemplates ?? []).every(({ metadata }) => {
    const volume = pod.spec.volumes?.find(({ name }) => name === metadata.name);
    return volume?.persistentVolumeClaim?.claimName === claimName(set, metadata.name, ordinal);
  });
}

/** The pod with the labels and volumes that it should have. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const { metadata } = pod;
  const labels = { ...metadata.labels, ...identityLabels(metadata.name, ordinalOf(pod) ?? 0) };
  const spec = hasStorage(set, pod) ? pod.spec : { ...pod.spec, ...volumesOf(set, pod) };
  return { ...pod, metadata: hasIdentity(set, pod) ? metadata : { ...metadata, labels }, spec };
}

/** The claims of the pod, one for each template. */
export function claimsOf(set: StatefulSet, pod: AnyPod): readonly New<PersistentVolumeClaim>[] {
  const ordinal = ordinalOf(pod) ?? 0;
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template.metadata.name, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }));
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

export function isUnavailable(set: StatefulSet, pod: Pod, now: number): boolean {
  return !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now) || isGoing(pod);
}

export function isGoing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function identityLabels(name: string, ordinal: number): Readonly<Record<string, string>> {
  return { [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal) };
}

function claimName(set: StatefulSet, templateName: string, ordinal: number): string {
  return `${templateName}-${set.metadata.name}-${ordinal}`;
}

/** Claims take the place of volumes of the same name. */
function volumesOf(set: StatefulSet, pod: AnyPod): { readonly volumes?: readonly Volume[] } {
  const ordinal = ordinalOf(pod) ?? 0;
  const claimed = (set.spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) },
  }));
  const others = (pod.spec.volumes ?? []).filter(({ name }) => !claimed.some((volume) => volume.name === name));
  const volumes = [...claimed, ...others];
  return volumes.length > 0 ? { volumes } : {};
}
