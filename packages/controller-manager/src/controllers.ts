import {
  certificateSigningRequests,
  horizontalPodAutoscalers,
  persistentVolumes,
  pods,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  validatingAdmissionPolicies,
  volumeAttributesClasses,
} from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { Component } from '@kts/base';
import { createControllerRunner, type AnyControllerDefinition, type ControllerDependencies } from '@kts/controlkit';

import type { ControllerManagerConfig } from './controller-manager-config.ts';
import { clusterRoleAggregationController } from './clusterroleaggregation/clusterroleaggregation-controller.ts';
import { daemonSetController } from './daemonset/daemonset-controller.ts';
import { deploymentController } from './deployment/deployment-controller.ts';
import { disruptionController, staleDisruptionController } from './disruption/disruption-controller.ts';
import { endpointsController } from './endpoints/endpoints-controller.ts';
import { endpointSliceController } from './endpointslice/endpointslice-controller.ts';
import { endpointSliceMirroringController } from './endpointslicemirroring/endpointslicemirroring-controller.ts';
import { ephemeralVolumeController } from './ephemeralvolume/ephemeral-volume-controller.ts';
import { createGarbageCollector } from './garbagecollector/garbage-collector.ts';
import { namespaceController } from './namespace/namespace-controller.ts';
import { cronJobController } from './cronjob/cronjob-controller.ts';
import { jobController } from './job/job-controller.ts';
import { jobOrphanController } from './job/job-orphan-controller.ts';
import { createLazyController, when, type Trigger } from './lazy/lazy-controller.ts';
import { createNodeLifecycleController } from './nodelifecycle/node-lifecycle-controller.ts';
import { persistentVolumeControllers } from './persistentvolume/persistentvolume-controller.ts';
import { createPeriodicController } from './periodic/periodic-controller.ts';
import { podGCController } from './podgc/podgc-controller.ts';
import { replicaSetController, replicationController } from './replicaset/replicaset-controller.ts';
import { resourceQuotaController } from './resourcequota/resourcequota-controller.ts';
import { rootCAPublisher } from './rootca/root-ca-publisher.ts';
import { legacyTokenCleaner } from './serviceaccount/legacy-token-cleaner.ts';
import { serviceCIDRController } from './servicecidr/service-cidr-controller.ts';
import { statefulSetController } from './statefulset/statefulset-controller.ts';
import { serviceAccountController } from './serviceaccount/serviceaccount-controller.ts';
import { taintEvictionController } from './tainteviction/taint-eviction-controller.ts';
import { ttlController } from './ttl/ttl-controller.ts';
import { ttlAfterFinishedController } from './ttlafterfinished/ttl-after-finished-controller.ts';
import { tokenSecretController } from './serviceaccount/token-secret-controller.ts';
import { volumeExpandController } from './volumeexpand/volume-expand-controller.ts';
import { canonicalSelection } from './controller-names.ts';
import { claimProtectionController, volumeProtectionController } from './volumeprotection/volume-protection.ts';

/** One controller of the manager, under the name that `--controllers` knows. */
export interface ControllerEntry {
  readonly name: string;
  /** The component that its events name; it differs from the controller's name where upstream's does. */
  readonly eventSource: string;
  readonly offByDefault?: boolean;
  /** What to run. Nothing, if the configuration leaves it without work. */
  readonly make: (config: ControllerManagerConfig, deps: ControllerDependencies) => readonly Component[];
}

const nodeIpam = lazily([], async (config, deps) => {
  const { nodeIpamController } = await import('./nodeipam/node-ipam-controller.ts');
  return [createControllerRunner(nodeIpamController(config), deps)];
});

/** All controllers. Names are those of cmd/kube-controller-manager/names. */
export const CONTROLLERS: readonly ControllerEntry[] = [
  { name: 'deployment-controller', eventSource: 'deployment-controller', make: running(deploymentController) },
  { name: 'replicaset-controller', eventSource: 'replicaset-controller', make: running(replicaSetController) },
  {
    name: 'replicationcontroller-controller',
    eventSource: 'replication-controller',
    make: running(replicationController),
  },
  {
    name: 'endpoints-controller',
    eventSource: 'endpoint-controller',
    make: ({ endpointUpdatesBatchPeriodMs }, deps) => [
      createControllerRunner(endpointsController(endpointUpdatesBatchPeriodMs), deps),
    ],
  },
  {
    name: 'endpointslice-controller',
    eventSource: 'endpoint-slice-controller',
    make: ({ maxEndpointsPerSlice, endpointSliceUpdatesBatchPeriodMs }, deps) => [
      createControllerRunner(endpointSliceController(maxEndpointsPerSlice, endpointSliceUpdatesBatchPeriodMs), deps),
    ],
  },
  {
    name: 'endpointslice-mirroring-controller',
    eventSource: 'endpoint-slice-mirroring-controller',
    make: ({ mirroringMaxEndpointsPerSubset }, deps) => [
      createControllerRunner(endpointSliceMirroringController(mirroringMaxEndpointsPerSubset), deps),
    ],
  },
  {
    name: 'garbage-collector-controller',
    eventSource: 'garbage-collector-controller',
    make: (_config, deps) => [createGarbageCollector(deps)],
  },
  {
    name: 'daemonset-controller',
    eventSource: 'daemonset-controller',
    make: (_config, deps) => [createControllerRunner(daemonSetController(), deps)],
  },
  { name: 'namespace-controller', eventSource: 'namespace-controller', make: running(namespaceController) },
  {
    name: 'serviceaccount-controller',
    eventSource: 'serviceaccount-controller',
    make: running(serviceAccountController),
  },
  {
    name: 'serviceaccount-token-controller',
    eventSource: 'serviceaccount-token-controller',
    make: ({ serviceAccountKey: key, rootCA }, deps) =>
      key === undefined ? [] : [createControllerRunner(tokenSecretController({ key, rootCA }), deps)],
  },
  {
    name: 'root-ca-certificate-publisher-controller',
    eventSource: 'root-ca-certificate-publisher-controller',
    make: ({ rootCA }, deps) => (rootCA === undefined ? [] : [createControllerRunner(rootCAPublisher(rootCA), deps)]),
  },
  {
    name: 'statefulset-controller',
    eventSource: 'statefulset-controller',
    make: (_config, deps) => [createControllerRunner(statefulSetController(), deps)],
  },
  {
    name: 'persistentvolume-binder-controller',
    eventSource: 'persistentvolume-controller',
    make: ({ pvClaimBinderSyncPeriodMs }, deps) =>
      persistentVolumeControllers(pvClaimBinderSyncPeriodMs).map((each) => createControllerRunner(each, deps)),
  },
  {
    name: 'persistentvolume-attach-detach-controller',
    eventSource: 'attachdetach-controller',
    make: lazily(
      [when(persistentVolumes, ({ spec }) => spec?.csi !== undefined)],
      async ({ disableForceDetachOnTimeout: disableForceDetach }, deps) => {
        const { attachDetachController } = await import('./attachdetach/attachdetach-controller.ts');
        return [createControllerRunner(attachDetachController({ disableForceDetach }), deps)];
      },
    ),
  },
  {
    name: 'persistentvolume-expander-controller',
    eventSource: 'volume_expand',
    make: running(volumeExpandController),
  },
  {
    name: 'volumeattributesclass-protection-controller',
    eventSource: 'volumeattributesclass-protection-controller',
    make: lazily([when(volumeAttributesClasses)], async (_config, deps) => {
      const { volumeAttributesClassProtection } = await import('./vacprotection/volume-attributes-class-protection.ts');
      return [createControllerRunner(volumeAttributesClassProtection, deps)];
    }),
  },
  {
    name: 'ephemeral-volume-controller',
    eventSource: 'ephemeral_volume',
    make: running(ephemeralVolumeController),
  },
  {
    name: 'persistentvolumeclaim-protection-controller',
    eventSource: 'persistentvolumeclaim-protection-controller',
    make: running(claimProtectionController),
  },
  {
    name: 'persistentvolume-protection-controller',
    eventSource: 'persistentvolume-protection-controller',
    make: running(volumeProtectionController),
  },
  {
    name: 'clusterrole-aggregation-controller',
    eventSource: 'clusterrole-aggregation-controller',
    make: running(clusterRoleAggregationController),
  },
  {
    name: 'disruption-controller',
    eventSource: 'controllermanager',
    make: running(disruptionController, staleDisruptionController),
  },
  {
    name: 'resourcequota-controller',
    eventSource: 'resourcequota-controller',
    make: ({ resourceQuotaSyncPeriodMs }, deps) => [
      createControllerRunner(resourceQuotaController(resourceQuotaSyncPeriodMs), deps),
    ],
  },
  {
    name: 'node-lifecycle-controller',
    eventSource: 'node-controller',
    make: createNodeLifecycleController,
  },
  {
    name: 'taint-eviction-controller',
    eventSource: 'taint-eviction-controller',
    make: (_config, deps) => [createControllerRunner(taintEvictionController(), deps)],
  },
  {
    name: 'ttl-controller',
    eventSource: 'ttl-controller',
    make: (_config, deps) => [createControllerRunner(ttlController(), deps)],
  },
  {
    name: 'pod-garbage-collector-controller',
    eventSource: 'pod-garbage-collector-controller',
    make: ({ terminatedPodGCThreshold }, deps) => [
      createPeriodicController(podGCController(terminatedPodGCThreshold), deps),
    ],
  },
  {
    name: 'ttl-after-finished-controller',
    eventSource: 'ttl-after-finished-controller',
    make: running(ttlAfterFinishedController),
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    eventSource: 'certificatesigningrequest-approving-controller',
    make: lazily([when(certificateSigningRequests)], async (_config, deps) => {
      const { approvingController } = await import('./certificates/approving-controller.ts');
      return [createControllerRunner(approvingController, deps)];
    }),
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    eventSource: 'certificatesigningrequest-signing-controller',
    make: lazily([when(certificateSigningRequests)], async (config, deps) => {
      const { signingAuthorities, signingController } = await import('./certificates/signing-controller.ts');
      const authorities = signingAuthorities(config);
      const options = { authorities, durationMs: config.clusterSigningDurationMs };
      return Object.keys(authorities).length === 0 ? [] : [createControllerRunner(signingController(options), deps)];
    }),
  },
  {
    name: 'certificatesigningrequest-cleaner-controller',
    eventSource: 'certificatesigningrequest-cleaner-controller',
    make: lazily([when(certificateSigningRequests)], async (_config, deps) => {
      const { requestCleaner } = await import('./certificates/cleaner-controller.ts');
      return [createPeriodicController(requestCleaner, deps)];
    }),
  },
  {
    name: 'horizontal-pod-autoscaler-controller',
    eventSource: 'horizontal-pod-autoscaler',
    make: lazily([when(horizontalPodAutoscalers)], async (config, deps) => {
      const { podAutoscalerController } = await import('./podautoscaler/podautoscaler-controller.ts');
      return [createControllerRunner(podAutoscalerController(config), deps)];
    }),
  },
  {
    name: 'node-ipam-controller',
    eventSource: 'cidrAllocator',
    make: (config, deps) => (config.allocateNodeCIDRs ? nodeIpam(config, deps) : []),
  },
  {
    name: 'service-cidr-controller',
    eventSource: 'service-cidr-controller',
    make: running(serviceCIDRController),
  },
  {
    name: 'resourceclaim-controller',
    eventSource: 'resource_claim',
    make: lazily(
      [when(resourceClaims), when(resourceClaimTemplates), when(pods, hasResourceClaims)],
      async (_config, deps) => {
        const { resourceClaimControllers } = await import('./resourceclaim/resourceclaim-controllers.ts');
        return resourceClaimControllers().map((each) => createControllerRunner(each, deps));
      },
    ),
  },
  {
    name: 'validatingadmissionpolicy-status-controller',
    eventSource: 'validatingadmissionpolicy-status',
    make: lazily([when(validatingAdmissionPolicies)], async (_config, deps) => {
      const { policyStatusController } = await import('./validatingadmissionpolicystatus/policy-status-controller.ts');
      return [createControllerRunner(policyStatusController, deps)];
    }),
  },
  {
    name: 'device-taint-eviction-controller',
    eventSource: 'device-taint-eviction-controller',
    make: lazily([when(resourceSlices)], async (_config, deps) => {
      const { deviceTaintEvictionController } =
        await import('./devicetainteviction/device-taint-eviction-controller.ts');
      return [createControllerRunner(deviceTaintEvictionController(), deps)];
    }),
  },
  {
    name: 'bootstrap-signer-controller',
    eventSource: 'bootstrap-signer-controller',
    offByDefault: true,
    make: lazily([], async (_config, deps) => {
      const { bootstrapSigner } = await import('./bootstrap/bootstrap-signer.ts');
      return [createControllerRunner(bootstrapSigner, deps)];
    }),
  },
  {
    name: 'token-cleaner-controller',
    eventSource: 'token-cleaner-controller',
    offByDefault: true,
    make: lazily([], async (_config, deps) => {
      const { tokenCleaner } = await import('./bootstrap/token-cleaner.ts');
      return [createControllerRunner(tokenCleaner, deps)];
    }),
  },
  {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    eventSource: 'legacy-serviceaccount-token-cleaner-controller',
    make: ({ legacyServiceAccountTokenCleanUpPeriodMs }, deps) => [
      createPeriodicController(legacyTokenCleaner(legacyServiceAccountTokenCleanUpPeriodMs), deps),
    ],
  },
  { name: 'cronjob-controller', eventSource: 'cronjob-controller', make: running(cronJobController) },
  {
    name: 'job-controller',
    eventSource: 'job-controller',
    make: (_config, deps) => [
      createControllerRunner(jobController(), deps),
      createControllerRunner(jobOrphanController, deps),
    ],
  },
];

/**
 * Which controllers to run, by `--controllers`' rules: a name switches on, `-name` off, and otherwise `*` decides.
 *
 * Mirrors: staging/src/k8s.io/controller-manager/app/helper.go, IsControllerEnabled (v1.36)
 */
export function enabledControllers(
  given: readonly string[],
  entries: readonly ControllerEntry[] = CONTROLLERS,
): readonly ControllerEntry[] {
  const selection = canonicalSelection(given);
  return entries.filter(({ name, offByDefault = false }) => {
    const last = selection.find((item) => item === name || item === `-${name}`);
    return last === undefined ? selection.includes('*') && !offByDefault : last === name;
  });
}

/** Names in the selection that no controller has. */
export function unknownControllers(
  selection: readonly string[],
  entries: readonly ControllerEntry[] = CONTROLLERS,
): readonly string[] {
  const names = new Set(entries.map(({ name }) => name));
  return canonicalSelection(selection).filter((item) => item !== '*' && !names.has(item.replace(/^-/, '')));
}

/** What is loaded when there is something to do for it. */
function lazily(
  triggers: readonly Trigger[],
  load: (config: ControllerManagerConfig, deps: ControllerDependencies) => Promise<readonly Component[]>,
): ControllerEntry['make'] {
  return (config, deps) => [createLazyController(triggers, () => load(config, deps), deps)];
}

function hasResourceClaims({ spec, status }: Pod): boolean {
  return (spec.resourceClaims?.length ?? 0) > 0 || status?.extendedResourceClaimStatus !== undefined;
}

/** A controller, or several that belong together, which the configuration does not change. */
function running(...definitions: readonly AnyControllerDefinition[]): ControllerEntry['make'] {
  return (_config, deps) => definitions.map((definition) => createControllerRunner(definition, deps));
}
