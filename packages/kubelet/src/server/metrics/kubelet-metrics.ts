/** `/metrics`: the kubelet about itself. Mirrors: pkg/kubelet/metrics/metrics.go (v1.36), a few of them */
import type { Container, PodSandbox } from '@kts/host-cri';
import type { MetricFamily } from './metric-text.ts';

const STATES = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
} as const satisfies Record<Container['state'], string>;

export function kubeletMetrics(
  nodeName: string,
  desiredPods: number,
  sandboxes: readonly PodSandbox[],
  containers: readonly Container[],
): readonly MetricFamily[] {
  const byState = Map.groupBy(containers, ({ state }) => STATES[state]);
  return [
    {
      name: 'kubelet_desired_pods',
      help: '[ALPHA] The number of pods the kubelet is being instructed to run.',
      type: 'gauge',
      samples: [{ value: desiredPods }],
    },
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      samples: [{ labels: { node: nodeName }, value: 1 }],
    },
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: [...byState].map(([state, { length }]) => ({ labels: { container_state: state }, value: length })),
    },
    {
      name: 'kubelet_running_pods',
      help: '[ALPHA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      samples: [{ value: sandboxes.filter(({ state }) => state === 'SANDBOX_READY').length }],
    },
  ];
}
