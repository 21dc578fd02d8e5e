/**
 * Since when the change that is being published has been waiting: measured by whoever measures the network.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go (v1.36)
 */
import type { Pod, Service } from '@kts/api/types/core-v1';
import { keyText, parseTime, type ObjectKey, type TemplateMeta } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { readySince, podCondition } from '../pods/pod-state.ts';

const ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

interface ServiceState {
  readonly service: number;
  readonly pods: ReadonlyMap<string, number>;
}

export class TriggerTimes {
  readonly #known = new Map<string, ServiceState>();

  /** Takes note of the change; the answer puts its time on metadata, or takes an older one off. */
  annotate(service: Service, pods: readonly Pod[]): <M extends TemplateMeta>(metadata: M) => M {
    const time = this.#timeOf(service, pods);
    return (metadata) => {
      const { [ANNOTATION]: _before, ...others } = metadata.annotations ?? {};
      const annotations = time === undefined ? others : { ...others, [ANNOTATION]: formatTime(time) };
      return { ...metadata, annotations };
    };
  }

  /** The Service is gone. */
  forget(key: ObjectKey): void {
    this.#known.delete(keyText(key));
  }

  #timeOf(service: Service, pods: readonly Pod[]): number | undefined {
    const key = keyText(service.metadata);
    const before = this.#known.get(key);
    const created = parseTime(service.metadata.creationTimestamp);
    const times = new Map<string, number>();
    for (const pod of pods) {
      const time = readinessChangedAt(pod);
      if (time !== undefined) times.set(pod.metadata.name, time);
    }
    this.#known.set(key, { service: created, pods: times });
    if (!before) return created;
    const changed = [...times].filter(([name, time]) => time > (before.pods.get(name) ?? -Infinity));
    const candidates = changed.map(([, time]) => time);
    if (created > before.service) candidates.push(created);
    return candidates.length > 0 ? Math.min(...candidates) : undefined;
  }
}

/** Read once for each version of a pod. */
const readinessTimes = new WeakMap<Pod, number | undefined>();

function readinessChangedAt(pod: Pod): number | undefined {
  if (readinessTimes.has(pod)) return readinessTimes.get(pod);
  const time = podCondition(pod, 'Ready')?.lastTransitionTime;
  const changedAt = readySince(pod) ?? (time ? parseTime(time) : undefined);
  readinessTimes.set(pod, changedAt);
  return changedAt;
}
