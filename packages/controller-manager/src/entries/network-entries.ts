import { endpointsController } from '../endpoints/endpoints-controller.ts';
import { endpointSliceController } from '../endpointslice/endpointslice-controller.ts';
import { endpointSliceMirroringController } from '../endpointslicemirroring/endpointslicemirroring-controller.ts';
import { serviceCIDRController } from '../servicecidr/service-cidr-controller.ts';
import { always, lazily, type ControllerEntry } from './controller-entry.ts';

/** What makes pods be found, and gives out addresses. Every cluster has a Service. */
export const NETWORK_ENTRIES: readonly ControllerEntry[] = [
  {
    name: 'endpoints-controller',
    eventSource: 'endpoint-controller',
    make: always(({ endpointUpdatesBatchPeriodMs }) => [endpointsController(endpointUpdatesBatchPeriodMs)]),
  },
  {
    name: 'endpointslice-controller',
    eventSource: 'endpoint-slice-controller',
    make: always(({ maxEndpointsPerSlice, endpointSliceUpdatesBatchPeriodMs }) => [
      endpointSliceController(maxEndpointsPerSlice, endpointSliceUpdatesBatchPeriodMs),
    ]),
  },
  {
    name: 'endpointslice-mirroring-controller',
    eventSource: 'endpoint-slice-mirroring-controller',
    make: always(({ mirroringMaxEndpointsPerSubset }) => [
      endpointSliceMirroringController(mirroringMaxEndpointsPerSubset),
    ]),
  },
  {
    name: 'service-cidr-controller',
    eventSource: 'service-cidr-controller',
    make: always(() => [serviceCIDRController]),
  },
  {
    name: 'node-ipam-controller',
    eventSource: 'cidrAllocator',
    hasWork: ({ allocateNodeCIDRs }) => allocateNodeCIDRs,
    make: lazily([], async (config) => {
      const { nodeIpamController } = await import('../nodeipam/node-ipam-controller.ts');
      return [nodeIpamController(config)];
    }),
  },
];
