/**
 * Hints for proxies, by the Service's traffic distribution: stay in the zone, or on the node.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go (v1.36)
 */
import type { Service } from '@kts/api/types/core-v1';
import type { Endpoint } from '@kts/api/types/discovery-v1';

type Hinting = 'none' | 'zone' | 'zoneAndNode';

const HINTING: Readonly<Record<string, Hinting>> = {
  PreferClose: 'zone',
  PreferSameZone: 'zone',
  PreferSameNode: 'zoneAndNode',
};

/** The older annotation, which counts more than the field: topology-hints.ts does what it asks for. */
export function hasTopologyMode({ metadata }: Service): boolean {
  const mode =
    metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] ??
    metadata.annotations?.['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

export function hintingOf({ spec }: Service): Hinting {
  return HINTING[spec?.trafficDistribution ?? ''] ?? 'none';
}

/** Endpoints that are not ready keep what they have: no traffic goes there by preference. */
export function withHints(endpoint: Endpoint, hinting: Hinting): Endpoint {
  const { hints: _before, ...rest } = endpoint;
  if (hinting === 'none') return rest;
  if (!endpoint.conditions?.ready) return endpoint;
  const { zone, nodeName } = endpoint;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const forNodes = nodeName === undefined || hinting === 'zone' ? {} : { forNodes: [{ name: nodeName }] };
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length > 0 ? { ...rest, hints } : rest;
}
