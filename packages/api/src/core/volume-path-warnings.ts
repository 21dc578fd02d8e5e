/**
 * Files of one volume that hide each other.
 *
 * Mirrors: the part of pkg/api/pod/warnings.go (v1.36) about overlapping virtual paths
 */
import type { KeyToPath, Volume, VolumeProjection } from '../gen/core-v1.gen.ts';

interface SourcedPath {
  readonly path: string;
  /** Where it comes from; empty where that is plain. */
  readonly source: string;
}

export function volumePathWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const { configMap, downwardAPI, name, projected, secret } = volume;
    const warn = (kind: string, overlap: string): string => {
      return `volume ${JSON.stringify(name)} (${kind}): overlapping paths: ${overlap}`;
    };
    const warnItems = (kind: string, items: readonly { readonly path: string }[] | undefined): string[] =>
      overlapsOf((items ?? []).map(({ path }) => ({ path, source: '' }))).map((overlap) => warn(kind, overlap));
    const sources = projected?.sources ?? [];
    return [
      ...(configMap ? warnItems(`ConfigMap ${JSON.stringify(configMap.name ?? '')}`, configMap.items) : []),
      ...(secret ? warnItems(`Secret ${JSON.stringify(secret.secretName ?? '')}`, secret.items) : []),
      ...(downwardAPI ? warnItems('DownwardAPI', downwardAPI.items) : []),
      ...sources
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
      ...overlapsOf(sources.flatMap(pathsOf)).map((overlap) => warn('Projected', overlap)),
    ];
  });
}

function pathsOf(projection: VolumeProjection): SourcedPath[] {
  const { clusterTrustBundle, configMap, downwardAPI, podCertificate, secret, serviceAccountToken } = projection;
  if (configMap?.items) return itemPaths(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return itemPaths(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return downwardAPI.items.map(({ path }) => ({ path, source: 'DownwardAPI' }));
  if (serviceAccountToken) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }];
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return [{ path: clusterTrustBundle.path, source: `ClusterTrustBundle ${JSON.stringify(name)}` }];
  }
  if (!podCertificate) return [];
  return [
    { path: podCertificate.certificateChainPath ?? '', source: 'PodCertificate chain' },
    { path: podCertificate.keyPath ?? '', source: 'PodCertificate key' },
    { path: podCertificate.credentialBundlePath ?? '', source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '');
}

function itemPaths(items: readonly KeyToPath[], source: string): SourcedPath[] {
  return items.map(({ path }) => ({ path, source }));
}

function overlapsOf(paths: readonly SourcedPath[]): string[] {
  const seen: SourcedPath[] = [];
  const overlaps: string[] = [];
  for (const { path: raw, source } of paths) {
    const path = raw.replace(/\/+$/, '');
    if (path === '') continue;
    for (const other of seen.filter((earlier) => contains(earlier.path, path) || contains(path, earlier.path))) {
      overlaps.push(`${text({ path, source })} with ${text(other)}`);
    }
    seen.push({ path, source });
  }
  return overlaps;
}

const contains = (directory: string, path: string): boolean => `${path}/`.startsWith(`${directory}/`);

const text = ({ path, source }: SourcedPath): string =>
  source ? `${JSON.stringify(path)} (${source})` : JSON.stringify(path);
