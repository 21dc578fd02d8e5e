/**
 * How much is stored.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/metrics/metrics.go (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';
import { gauge, type Metric } from '@kts/base';

/** `counts` are by storage prefix. */
export function storageMetrics(
  definitions: () => Iterable<ResourceDefinition>,
  counts: () => Iterable<readonly [prefix: string, count: number]>,
): readonly Metric[] {
  const help = 'Number of stored objects at the time of last check split by kind.';
  const stored = (): (readonly [ResourceDefinition, number])[] => {
    const left = new Map(counts());
    return [...definitions()].flatMap((definition) => {
      const count = left.get(definition.storagePrefix);
      left.delete(definition.storagePrefix);
      return count === undefined ? [] : [[definition, count] as const];
    });
  };
  return [
    gauge('apiserver_resource_objects', help, ['group', 'resource'], () =>
      stored().map(([{ group, plural }, count]) => [[group, plural], count] as const),
    ),
    gauge(
      'apiserver_storage_objects',
      `[DEPRECATED, consider using apiserver_resource_objects instead] ${help}`,
      ['resource'],
      () => stored().map(([{ group, plural }, count]) => [[group ? `${plural}.${group}` : plural], count] as const),
    ),
  ];
}
