/** Mirrors: pkg/kubelet/kubelet_pods.go (validateContainerLogStatus) (v1.36) */
import type { Pod } from '@kts/api/types/core-v1';
import { HttpFailure } from '../http-failure.ts';

const WAITING_FOR_IMAGE: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** Whether the pod has such a container, of whatever kind. */
export function hasContainer({ spec }: Pod, name: string): boolean {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].some(
    (container) => container.name === name,
  );
}

/** The id, such as `containerd://0123`, of the container whose log is shown. Throws `HttpFailure` if there is none. */
export function logContainerId(pod: Pod, container: string, previous: boolean): string {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  );
  const subject = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!status) throw new HttpFailure(400, `${subject} is not available`);
  const last = status.lastState?.terminated;
  const { waiting, running, terminated } = status.state ?? {};
  if (previous) {
    if (last?.containerID) return last.containerID;
    throw new HttpFailure(400, `previous terminated ${subject} not found`);
  }
  if (running) return status.containerID ?? '';
  if (terminated || last) {
    const id = terminated?.containerID || last?.containerID;
    if (id) return id;
    throw new HttpFailure(400, `${subject} is terminated`);
  }
  if (!waiting) throw new HttpFailure(400, `${subject} is waiting to start - no logs yet`);
  const reason = waiting.reason ?? '';
  throw new HttpFailure(400, `${subject} is waiting to start: ${WAITING_FOR_IMAGE[reason] ?? reason}`);
}
