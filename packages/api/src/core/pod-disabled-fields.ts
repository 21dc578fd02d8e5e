/**
 * Fields of features that are off by default: ignored unless the stored object has them.
 *
 * Mirrors: dropDisabledFields in pkg/api/pod/util.go (v1.36, default gates)
 */
import { FieldPath, type Draft } from '@kts/apimachinery';
import type { PodSpec } from '../gen/core-v1.gen.ts';
import { containersOf } from './pod-containers-of.ts';

export function dropDisabledPodFields(spec: Draft<PodSpec>, old?: PodSpec): void {
  if (!old?.schedulingGroup) delete spec.schedulingGroup;
  const oldSources = (old?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  const keepBundles = oldSources.some(({ clusterTrustBundle }) => clusterTrustBundle);
  const keepCertificates = oldSources.some(({ podCertificate }) => podCertificate);
  for (const source of (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])) {
    if (!keepBundles) delete source.clusterTrustBundle;
    if (!keepCertificates) delete source.podCertificate;
  }
  const oldContainers = old ? containersOf(old, FieldPath.root) : [];
  if (oldContainers.some(({ container }) => container.lifecycle?.stopSignal)) return;
  for (const field of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    for (const container of spec[field] ?? []) {
      if (!container.lifecycle?.stopSignal) continue;
      delete container.lifecycle.stopSignal;
      if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
    }
  }
}
