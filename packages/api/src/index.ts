export { builtinResources } from './builtin-resources.ts';
export { customResourceColumns, defineResource } from './define-resource.ts';
export { resourceFacts, type GroupFacts, type ResourceFacts } from './facts.ts';
export type {
  Cell,
  CoercedObject,
  PrinterColumn,
  ResourceBehaviour,
  ResourceDefinition,
  StorageConversion,
  AskedConversion,
  StrategyContext,
  SubresourceDefinition,
} from './resource-definition.ts';
export { CronScheduleError, parseCronSchedule, type CronSchedule } from './batch/cron-schedule.ts';
export { zonedFields } from './batch/time-zone.ts';
export { containersOf, isSidecar, type AnyContainer } from './core/pod-containers-of.ts';
export { computeQosClass } from './core/pod-qos.ts';
export { podLimits, podRequests, type ResourceAmounts } from './core/pod-resources.ts';
export { attributesClassesOf, missingRequests, quotaMatches, quotaUsage } from './core/quota-usage.ts';
export { addResources, aggregateContainerResources, maxResources, type ResourceList } from './core/resource-list.ts';
export { normalizeClusterIps } from './core/service.ts';
export { initIpFamilies, staysPreferred } from './core/service-ip-families.ts';
export { needsHealthCheck } from './core/service-validation.ts';
export { age, humanDuration } from './human-duration.ts';
export { ipFamily, parseCidr, parseIp, type Cidr, type IpAddress } from './ip-address.ts';
export { validateAnnotations, validateLabels, validateLabelSelector } from './label-validation.ts';
export {
  validateFieldManager,
  validateObjectMeta,
  validateObjectMetaUpdate,
  type MetadataRules,
} from './metadata-validation.ts';
export { validateClientConfig as validateWebhookClientConfig } from './admissionregistration/webhook-validation.ts';
export { schemaOfKind } from './kind-schemas.ts';
export { hasSchema, schemaOf } from './schema-registry.ts';
export { mutatingAdmissionPolicies } from './admissionregistration/mutatingadmissionpolicy.ts';
export { mutatingAdmissionPolicyBindings } from './admissionregistration/mutatingadmissionpolicybinding.ts';
export { mutatingWebhookConfigurations } from './admissionregistration/mutatingwebhookconfiguration.ts';
export { validatingAdmissionPolicies } from './admissionregistration/validatingadmissionpolicy.ts';
export { validatingAdmissionPolicyBindings } from './admissionregistration/validatingadmissionpolicybinding.ts';
export { validatingWebhookConfigurations } from './admissionregistration/validatingwebhookconfiguration.ts';
export { customResourceDefinitions } from './apiextensions/customresourcedefinition.ts';
export { apiServices } from './apiregistration/apiservice.ts';
export { controllerRevisions } from './apps/controllerrevision.ts';
export { daemonSets } from './apps/daemonset.ts';
export { deployments } from './apps/deployment.ts';
export { replicaSets } from './apps/replicaset.ts';
export { statefulSets } from './apps/statefulset.ts';
export { selfSubjectReviews } from './authentication/selfsubjectreview.ts';
export { tokenReviews } from './authentication/tokenreview.ts';
export { localSubjectAccessReviews } from './authorization/localsubjectaccessreview.ts';
export { selfSubjectAccessReviews } from './authorization/selfsubjectaccessreview.ts';
export { selfSubjectRulesReviews } from './authorization/selfsubjectrulesreview.ts';
export { subjectAccessReviews } from './authorization/subjectaccessreview.ts';
export { horizontalPodAutoscalers } from './autoscaling/horizontalpodautoscaler.ts';
export { horizontalPodAutoscalersV1 } from './autoscaling/horizontalpodautoscaler-v1.ts';
export { cronJobs } from './batch/cronjob.ts';
export { jobs } from './batch/job.ts';
export { certificateSigningRequests } from './certificates/certificatesigningrequest.ts';
export { leases } from './coordination/lease.ts';
export { bindings } from './core/binding.ts';
export { componentStatuses } from './core/componentstatus.ts';
export { configMaps } from './core/configmap.ts';
export { endpoints } from './core/endpoints.ts';
export { events } from './core/event.ts';
export { limitRanges } from './core/limitrange.ts';
export { namespaces } from './core/namespace.ts';
export { nodes } from './core/node.ts';
export { persistentVolumes } from './core/persistentvolume.ts';
export { persistentVolumeClaims } from './core/persistentvolumeclaim.ts';
export { pods } from './core/pod.ts';
export { podTemplates } from './core/podtemplate.ts';
export { replicationControllers } from './core/replicationcontroller.ts';
export { resourceQuotas } from './core/resourcequota.ts';
export { secrets } from './core/secret.ts';
export { services } from './core/service.ts';
export { serviceAccounts } from './core/serviceaccount.ts';
export { endpointSlices } from './discovery/endpointslice.ts';
export { eventsV1 } from './events/event.ts';
export { flowSchemas } from './flowcontrol/flowschema.ts';
export { priorityLevelConfigurations } from './flowcontrol/prioritylevelconfiguration.ts';
export { ingresses } from './networking/ingress.ts';
export { ingressClasses } from './networking/ingressclass.ts';
export { ipAddresses } from './networking/ipaddress.ts';
export { networkPolicies } from './networking/networkpolicy.ts';
export { serviceCIDRs } from './networking/servicecidr.ts';
export { runtimeClasses } from './node/runtimeclass.ts';
export { podDisruptionBudgets } from './policy/poddisruptionbudget.ts';
export { clusterRoles } from './rbac/clusterrole.ts';
export { clusterRoleBindings } from './rbac/clusterrolebinding.ts';
export { roles } from './rbac/role.ts';
export { roleBindings } from './rbac/rolebinding.ts';
export { deviceClasses } from './resource/deviceclass.ts';
export { resourceClaims } from './resource/resourceclaim.ts';
export { resourceClaimTemplates } from './resource/resourceclaimtemplate.ts';
export { resourceSlices } from './resource/resourceslice.ts';
export { priorityClasses } from './scheduling/priorityclass.ts';
export { csiDrivers } from './storage/csidriver.ts';
export { csiNodes } from './storage/csinode.ts';
export { csiStorageCapacities } from './storage/csistoragecapacity.ts';
export { storageClasses } from './storage/storageclass.ts';
export { volumeAttachments } from './storage/volumeattachment.ts';
export { volumeAttributesClasses } from './storage/volumeattributesclass.ts';
