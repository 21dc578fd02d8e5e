/**
 * Which pods a Service's endpoints are made of, and at which ports: common to Endpoints and EndpointSlices.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/util/controller_utils.go, utils.go (v1.36)
 */
import { pods, services } from '@kts/api';
import type { Pod, Service, ServicePort } from '@kts/api/types/core-v1';
import { deepEqual, labelSetMatcher, type LabelMatcher, type Labels, type ObjectKey } from '@kts/apimachinery';
import type { ControllerContext } from '@kts/controlkit';

import { isPodReady, isPodTerminal } from '../pods/pod-state.ts';

/** Has an address, and has not ended. */
export function mayBeEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false;
  if (!pod.status?.podIP && (pod.status?.podIPs ?? []).length === 0) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

/** The pod has a name of its own in the DNS domain of the Service. */
export function hasHostnameIn(service: Service, pod: Pod): boolean {
  return Boolean(pod.spec.hostname) && pod.spec.subdomain === service.metadata.name;
}

export function isHeadless({ spec }: Service): boolean {
  return !spec?.clusterIP || spec.clusterIP === 'None';
}

export function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** The pod's port for a port of the Service; undefined if no container has a port of that name. */
export function findPort(pod: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === targetPort && (port.protocol ?? 'TCP') === (protocol ?? 'TCP'))?.containerPort;
}

/** Only Services that select pods have endpoints of ours. */
export function selectsPods({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

/** Services that select a pod with such labels. */
export function servicesOfPod({ metadata }: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers
    .get(services)
    .list(metadata.namespace)
    .filter((service) => selectsPods(service) && selects(service, metadata.labels))
    .map((service) => service.metadata);
}

export function selects(service: Service, labels: Labels | undefined): boolean {
  return selectorOf(service).matches(labels ?? {});
}

/** All that it selects. */
export function podsOfService(service: Service, informers: ControllerContext['informers']): readonly Pod[] {
  const selector = selectorOf(service);
  return informers
    .get(pods)
    .list(service.metadata.namespace)
    .filter(({ metadata }) => selector.matches(metadata.labels ?? {}));
}

/** Made once for each version of a Service. */
const selectors = new WeakMap<Service, LabelMatcher>();

function selectorOf(service: Service): LabelMatcher {
  const known = selectors.get(service);
  if (known) return known;
  const selector = labelSetMatcher(service.spec?.selector);
  selectors.set(service, selector);
  return selector;
}

/** Whether an update of a pod may change endpoints. */
export function endpointsOfPodChanged(old: Pod, pod: Pod): boolean {
  return (
    !deepEqual(old.metadata.labels, pod.metadata.labels) ||
    old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
    old.spec.hostname !== pod.spec.hostname ||
    old.spec.subdomain !== pod.spec.subdomain ||
    old.spec.nodeName !== pod.spec.nodeName ||
    isPodReady(old) !== isPodReady(pod) ||
    isPodTerminal(old) !== isPodTerminal(pod) ||
    !deepEqual(old.status?.podIPs, pod.status?.podIPs)
  );
}
