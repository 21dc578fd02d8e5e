/**
 * Defaults of pods and of pod templates.
 *
 * Mirrors: pkg/apis/core/v1/defaults.go and the generated defaults beside it (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import type {
  Container,
  DownwardAPIVolumeFile,
  EphemeralContainer,
  HTTPGetAction,
  PersistentVolumeClaimSpec,
  Pod,
  PodSpec,
  PodStatus,
  Probe,
  ResourceRequirements,
  Volume,
  PodTemplateSpec,
} from '../gen/core-v1.gen.ts';
import { defaultPullPolicy } from './image-name.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import {
  aggregateContainerResources,
  isHugePageResource,
  isOvercommitAllowed,
  isPodLevelResource,
} from './resource-list.ts';

const FILE_MODE = 0o644;
const GRACE_PERIOD_SECONDS = 30;
const TOKEN_LIFETIME_SECONDS = 3600;

/** How init containers were written before they had a field. */
const INIT_CONTAINER_ANNOTATIONS = ['beta', 'alpha'].flatMap((stage) => [
  `pod.${stage}.kubernetes.io/init-containers`,
  `pod.${stage}.kubernetes.io/init-container-statuses`,
]);

export function setPodTemplateDefaults(template: Draft<PodTemplateSpec>): void {
  dropInitContainerAnnotations(template.metadata);
  setPodSpecDefaults((template.spec ??= { containers: [] }));
}

function dropInitContainerAnnotations(metadata: { annotations?: Record<string, string> } | undefined): void {
  if (!metadata?.annotations) return;
  for (const name of INIT_CONTAINER_ANNOTATIONS) delete metadata.annotations[name];
}

/** What is defaulted in pods, but not in templates, so that objects with templates do not change. */
export function setPodDefaults(pod: Draft<Pod>): void {
  const spec = (pod.spec ??= { containers: [] });
  dropInitContainerAnnotations(pod.metadata);
  // Of pods only: what templates say is left alone.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const { resources } = container;
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests };
  }
  setPodLevelDefaults(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
    }
  }
  setPodSpecDefaults(spec);
  setFirstIps(pod.status);
}

/** `podIP` is the first of `podIPs`, whichever of the two a client wrote. */
function setFirstIps(status: Draft<PodStatus> | undefined): void {
  if (!status) return;
  if (status.podIP && status.podIP !== status.podIPs?.[0]?.ip) status.podIPs = [{ ip: status.podIP }];
  if (status.podIPs?.[0]) status.podIP = status.podIPs[0].ip;
}

/** Defaults of everything in a pod template. */
function setPodSpecDefaults(spec: Draft<PodSpec>): void {
  if (!spec.dnsPolicy) spec.dnsPolicy = 'ClusterFirst';
  if (!spec.restartPolicy) spec.restartPolicy = 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= GRACE_PERIOD_SECONDS;
  if (!spec.schedulerName) spec.schedulerName = 'default-scheduler';
  setServiceAccountNames(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  roundUpAmounts(spec.overhead);
  setResourceDefaults(spec.resources);
}

/** `serviceAccount` is the old name of `serviceAccountName`: both are always shown, the new one wins. */
function setServiceAccountNames(spec: Draft<PodSpec>): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function setContainerDefaults(container: Draft<Container> | Draft<EphemeralContainer>): void {
  if (!container.imagePullPolicy) container.imagePullPolicy = defaultPullPolicy(container.image ?? '');
  if (!container.terminationMessagePath) container.terminationMessagePath = '/dev/termination-log';
  if (!container.terminationMessagePolicy) container.terminationMessagePolicy = 'File';
  for (const port of container.ports ?? []) if (!port.protocol) port.protocol = 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef && !valueFrom.fieldRef.apiVersion) valueFrom.fieldRef.apiVersion = 'v1';
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0';
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
  }
  container.resources ??= {};
  setResourceDefaults(container.resources);
  setProbeDefaults(container.livenessProbe);
  setProbeDefaults(container.readinessProbe);
  setProbeDefaults(container.startupProbe);
  setHttpGetDefaults(container.lifecycle?.postStart?.httpGet);
  setHttpGetDefaults(container.lifecycle?.preStop?.httpGet);
}

export function setResourceDefaults(resources: Draft<ResourceRequirements> | undefined): void {
  roundUpAmounts(resources?.limits);
  roundUpAmounts(resources?.requests);
}

function setProbeDefaults(probe: Draft<Probe> | undefined): void {
  if (!probe) return;
  if (!probe.timeoutSeconds) probe.timeoutSeconds = 1;
  if (!probe.periodSeconds) probe.periodSeconds = 10;
  if (!probe.successThreshold) probe.successThreshold = 1;
  if (!probe.failureThreshold) probe.failureThreshold = 3;
  setHttpGetDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function setHttpGetDefaults(action: Draft<HTTPGetAction> | undefined): void {
  if (!action) return;
  if (!action.path) action.path = '/';
  if (!action.scheme) action.scheme = 'HTTP';
}

function setVolumeDefaults(volume: Draft<Volume>): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  if (volume.image && !volume.image.pullPolicy) {
    volume.image.pullPolicy = defaultPullPolicy(volume.image.reference ?? '');
  }
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.secret) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    setFieldRefDefaults(volume.downwardAPI.items);
  }
  setProjectedDefaults(volume.projected);
  setStorageDefaults(volume);
  if (volume.ephemeral?.volumeClaimTemplate) setClaimSpecDefaults(volume.ephemeral.volumeClaimTemplate.spec);
}

function setProjectedDefaults(projected: Draft<Volume>['projected']): void {
  if (!projected) return;
  projected.defaultMode ??= FILE_MODE;
  for (const source of projected.sources ?? []) {
    setFieldRefDefaults(source.downwardAPI?.items);
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= TOKEN_LIFETIME_SECONDS;
  }
}

function setFieldRefDefaults(files: Draft<DownwardAPIVolumeFile>[] | undefined): void {
  for (const { fieldRef, resourceFieldRef } of files ?? []) {
    if (fieldRef && !fieldRef.apiVersion) fieldRef.apiVersion = 'v1';
    if (resourceFieldRef) resourceFieldRef.divisor ??= '0';
  }
}

/** Volume types that pods and persistent volumes share. */
export function setStorageDefaults(volume: Draft<Pick<Volume, 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>>): void {
  const { iscsi, rbd, azureDisk, scaleIO } = volume;
  if (iscsi && !iscsi.iscsiInterface) iscsi.iscsiInterface = 'default';
  if (rbd) {
    if (!rbd.pool) rbd.pool = 'rbd';
    if (!rbd.user) rbd.user = 'admin';
    if (!rbd.keyring) rbd.keyring = '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO) {
    if (!scaleIO.storageMode) scaleIO.storageMode = 'ThinProvisioned';
    if (!scaleIO.fsType) scaleIO.fsType = 'xfs';
  }
}

export function setClaimSpecDefaults(spec: Draft<PersistentVolumeClaimSpec>): void {
  spec.volumeMode ??= 'Filesystem';
  roundUpAmounts(spec.resources?.limits);
  roundUpAmounts(spec.resources?.requests);
}

/** Pod-level amounts that follow from the containers', once the pod sets any. */
function setPodLevelDefaults(spec: Draft<PodSpec>): void {
  const { resources } = spec;
  if (!resources) return;
  const limits: Record<string, string> = { ...resources.limits };
  const requests: Record<string, string> = { ...resources.requests };
  if (size(limits) > 0 || size(requests) > 0) {
    for (const [name, amount] of Object.entries(aggregateContainerResources(spec, 'limits'))) {
      if (isHugePageResource(name) && !(name in requests)) limits[name] ??= amount;
    }
    if (size(limits) > 0) resources.limits = limits;
  }
  if (size(limits) === 0) return;
  for (const [name, amount] of Object.entries(aggregateContainerResources(spec, 'requests'))) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= amount;
  if (size(requests) > 0) resources.requests = requests;
}

const size = (record: object): number => Object.keys(record).length;
