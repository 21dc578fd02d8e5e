/**
 * What the kubelet speaks with the drivers of resource claims.
 *
 * Mirrors: staging/src/k8s.io/kubelet/pkg/apis/dra/v1 and .../v1beta1 (v1.36)
 */
import { ProtoCodec } from '@kts/grpc';

const text = (n: number) => ({ n, type: 'string' });
const texts = (n: number) => ({ n, type: 'string', repeated: true });
const messages = (n: number, type: string) => ({ n, type, repeated: true });
const byUid = (n: number, type: string) => ({ n, map: ['string', type] as const });

const protocol = (version: string): ProtoCodec =>
  new ProtoCodec({
    package: `k8s.io.kubelet.pkg.apis.dra.${version}`,
    services: {
      DRAPlugin: {
        NodePrepareResources: { req: 'NodePrepareResourcesRequest', res: 'NodePrepareResourcesResponse' },
        NodeUnprepareResources: { req: 'NodeUnprepareResourcesRequest', res: 'NodeUnprepareResourcesResponse' },
      },
    },
    enums: {},
    messages: {
      Claim: { fields: { namespace: text(1), uid: text(2), name: text(3) } },
      NodePrepareResourcesRequest: { fields: { claims: messages(1, 'Claim') } },
      NodePrepareResourcesResponse: { fields: { claims: byUid(1, 'NodePrepareResourceResponse') } },
      NodePrepareResourceResponse: { fields: { devices: messages(1, 'Device'), error: text(2) } },
      Device: {
        fields: { request_names: texts(1), pool_name: text(2), device_name: text(3), cdi_device_ids: texts(4) },
      },
      NodeUnprepareResourcesRequest: { fields: { claims: messages(1, 'Claim') } },
      NodeUnprepareResourcesResponse: { fields: { claims: byUid(1, 'NodeUnprepareResourceResponse') } },
      NodeUnprepareResourceResponse: { fields: { error: text(1) } },
    },
  });

/** By the name that a driver offers it under. */
export const CLAIM_PROTOCOLS: ReadonlyMap<string, ProtoCodec> = new Map([
  ['v1.DRAPlugin', protocol('v1')],
  ['v1beta1.DRAPlugin', protocol('v1beta1')],
]);

export interface ClaimReference {
  readonly namespace: string;
  readonly uid: string;
  readonly name: string;
}

/** A device that is ready for containers. */
export interface PreparedDevice {
  /** Requests of the claim that it is for; empty: all of them. */
  readonly requestNames: readonly string[];
  readonly poolName: string;
  readonly deviceName: string;
  /** Names that the container runtime knows it by. */
  readonly cdiDeviceIds: readonly string[];
}

export interface PrepareAnswer {
  /** By the claim's uid. */
  readonly claims: Readonly<Record<string, { readonly devices: readonly PreparedDevice[]; readonly error: string }>>;
}

export interface UnprepareAnswer {
  readonly claims: Readonly<Record<string, { readonly error: string }>>;
}
