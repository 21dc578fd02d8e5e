import {
  cronJobs,
  daemonSets,
  deployments,
  horizontalPodAutoscalers,
  jobs,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '@kts/api';

import { when } from '../lazy/lazy-controller.ts';
import { lazily, type ControllerEntry } from './controller-entry.ts';

const JOB_FINALIZER = 'batch.kubernetes.io/job-tracking';

/** What makes pods, and what counts them. */
export const WORKLOAD_ENTRIES: readonly ControllerEntry[] = [
  {
    name: 'deployment-controller',
    eventSource: 'deployment-controller',
    make: lazily([when(deployments)], async () => {
      const { deploymentController } = await import('../deployment/deployment-controller.ts');
      return [deploymentController];
    }),
  },
  {
    name: 'replicaset-controller',
    eventSource: 'replicaset-controller',
    make: lazily([when(replicaSets)], async () => {
      const { replicaSetController } = await import('../replicaset/replicaset-controller.ts');
      return [replicaSetController];
    }),
  },
  {
    name: 'replicationcontroller-controller',
    eventSource: 'replication-controller',
    make: lazily([when(replicationControllers)], async () => {
      const { replicationController } = await import('../replicaset/replicaset-controller.ts');
      return [replicationController];
    }),
  },
  {
    name: 'daemonset-controller',
    eventSource: 'daemonset-controller',
    make: lazily([when(daemonSets)], async () => {
      const { daemonSetController } = await import('../daemonset/daemonset-controller.ts');
      return [daemonSetController()];
    }),
  },
  {
    name: 'statefulset-controller',
    eventSource: 'statefulset-controller',
    make: lazily([when(statefulSets)], async () => {
      const { statefulSetController } = await import('../statefulset/statefulset-controller.ts');
      return [statefulSetController()];
    }),
  },
  {
    name: 'job-controller',
    eventSource: 'job-controller',
    // Pods of a Job that is gone are held by it still.
    make: lazily(
      [when(jobs), when(pods, ({ metadata }) => metadata.finalizers?.includes(JOB_FINALIZER) ?? false)],
      async () => {
        const { jobController } = await import('../job/job-controller.ts');
        const { jobOrphanController } = await import('../job/job-orphan-controller.ts');
        return [jobController(), jobOrphanController];
      },
    ),
  },
  {
    name: 'cronjob-controller',
    eventSource: 'cronjob-controller',
    make: lazily([when(cronJobs)], async () => {
      const { cronJobController } = await import('../cronjob/cronjob-controller.ts');
      return [cronJobController];
    }),
  },
  {
    name: 'ttl-after-finished-controller',
    eventSource: 'ttl-after-finished-controller',
    make: lazily([when(jobs)], async () => {
      const { ttlAfterFinishedController } = await import('../ttlafterfinished/ttl-after-finished-controller.ts');
      return [ttlAfterFinishedController];
    }),
  },
  {
    name: 'disruption-controller',
    eventSource: 'controllermanager',
    make: lazily(
      [
        when(podDisruptionBudgets),
        when(pods, ({ status }) => status?.conditions?.some(({ type }) => type === 'DisruptionTarget') ?? false),
      ],
      async () => {
        const { disruptionController, staleDisruptionController } =
          await import('../disruption/disruption-controller.ts');
        return [disruptionController, staleDisruptionController];
      },
    ),
  },
  {
    name: 'horizontal-pod-autoscaler-controller',
    eventSource: 'horizontal-pod-autoscaler',
    make: lazily([when(horizontalPodAutoscalers)], async (config) => {
      const { podAutoscalerController } = await import('../podautoscaler/podautoscaler-controller.ts');
      return [podAutoscalerController(config)];
    }),
  },
];
