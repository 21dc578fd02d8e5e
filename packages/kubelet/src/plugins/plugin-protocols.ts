/**
 * The messages and numbers of what the kubelet speaks with its plugins, as far as it uses them.
 *
 * Mirrors: staging/src/k8s.io/kubelet/pkg/apis/pluginregistration/v1, .../deviceplugin/v1beta1 (v1.36); the Container
 * Storage Interface 1.11 (github.com/container-storage-interface/spec)
 */
import { ProtoCodec } from '@kts/host-cri';

const text = (n: number) => ({ n, type: 'string' });
const texts = (n: number) => ({ n, type: 'string', repeated: true });
const flag = (n: number) => ({ n, type: 'bool' });
const number = (n: number) => ({ n, type: 'int64' });
const map = (n: number) => ({ n, map: ['string', 'string'] as const });
const message = (n: number, type: string) => ({ n, type });
const messages = (n: number, type: string) => ({ n, type, repeated: true });
const EMPTY = { fields: {} };

export const REGISTRATION_PROTOCOL = new ProtoCodec({
  package: 'pluginregistration',
  services: {
    Registration: {
      GetInfo: { req: 'InfoRequest', res: 'PluginInfo' },
      NotifyRegistrationStatus: { req: 'RegistrationStatus', res: 'RegistrationStatusResponse' },
    },
  },
  enums: {},
  messages: {
    InfoRequest: EMPTY,
    PluginInfo: { fields: { type: text(1), name: text(2), endpoint: text(3), supported_versions: texts(4) } },
    RegistrationStatus: { fields: { plugin_registered: flag(1), error: text(2) } },
    RegistrationStatusResponse: EMPTY,
  },
});

export interface PluginInfo {
  readonly type: string;
  readonly name: string;
  readonly endpoint: string;
  readonly supportedVersions: readonly string[];
}

export const CSI_PROTOCOL = new ProtoCodec({
  package: 'csi.v1',
  services: {
    Node: {
      NodeGetInfo: { req: 'NodeGetInfoRequest', res: 'NodeGetInfoResponse' },
      NodeGetCapabilities: { req: 'NodeGetCapabilitiesRequest', res: 'NodeGetCapabilitiesResponse' },
      NodeStageVolume: { req: 'NodeStageVolumeRequest', res: 'NodeStageVolumeResponse' },
      NodeUnstageVolume: { req: 'NodeUnstageVolumeRequest', res: 'NodeUnstageVolumeResponse' },
      NodePublishVolume: { req: 'NodePublishVolumeRequest', res: 'NodePublishVolumeResponse' },
      NodeUnpublishVolume: { req: 'NodeUnpublishVolumeRequest', res: 'NodeUnpublishVolumeResponse' },
    },
  },
  enums: {
    Mode: {
      UNKNOWN: 0,
      SINGLE_NODE_WRITER: 1,
      SINGLE_NODE_READER_ONLY: 2,
      MULTI_NODE_READER_ONLY: 3,
      MULTI_NODE_SINGLE_WRITER: 4,
      MULTI_NODE_MULTI_WRITER: 5,
      SINGLE_NODE_SINGLE_WRITER: 6,
      SINGLE_NODE_MULTI_WRITER: 7,
    },
    Type: {
      UNKNOWN: 0,
      STAGE_UNSTAGE_VOLUME: 1,
      GET_VOLUME_STATS: 2,
      EXPAND_VOLUME: 3,
      VOLUME_CONDITION: 4,
      SINGLE_NODE_MULTI_WRITER: 5,
      VOLUME_MOUNT_GROUP: 6,
    },
  },
  messages: {
    NodeGetInfoRequest: EMPTY,
    NodeGetInfoResponse: {
      fields: { node_id: text(1), max_volumes_per_node: number(2), accessible_topology: message(3, 'Topology') },
    },
    Topology: { fields: { segments: map(1) } },
    NodeGetCapabilitiesRequest: EMPTY,
    NodeGetCapabilitiesResponse: { fields: { capabilities: messages(1, 'NodeServiceCapability') } },
    NodeServiceCapability: { fields: { rpc: message(1, 'RPC') } },
    RPC: { fields: { type: message(1, 'Type') } },
    VolumeCapability: {
      fields: {
        block: message(1, 'BlockVolume'),
        mount: message(2, 'MountVolume'),
        access_mode: message(3, 'AccessMode'),
      },
    },
    BlockVolume: EMPTY,
    MountVolume: { fields: { fs_type: text(1), mount_flags: texts(2), volume_mount_group: text(3) } },
    AccessMode: { fields: { mode: message(1, 'Mode') } },
    NodeStageVolumeRequest: {
      fields: {
        volume_id: text(1),
        publish_context: map(2),
        staging_target_path: text(3),
        volume_capability: message(4, 'VolumeCapability'),
        secrets: map(5),
        volume_context: map(6),
      },
    },
    NodeStageVolumeResponse: EMPTY,
    NodeUnstageVolumeRequest: { fields: { volume_id: text(1), staging_target_path: text(2) } },
    NodeUnstageVolumeResponse: EMPTY,
    NodePublishVolumeRequest: {
      fields: {
        volume_id: text(1),
        publish_context: map(2),
        staging_target_path: text(3),
        target_path: text(4),
        volume_capability: message(5, 'VolumeCapability'),
        readonly: flag(6),
        secrets: map(7),
        volume_context: map(8),
      },
    },
    NodePublishVolumeResponse: EMPTY,
    NodeUnpublishVolumeRequest: { fields: { volume_id: text(1), target_path: text(2) } },
    NodeUnpublishVolumeResponse: EMPTY,
  },
});

type Texts = Readonly<Record<string, string>>;

export interface VolumeCapability {
  readonly mount: {
    readonly fsType?: string;
    readonly mountFlags?: readonly string[];
    readonly volumeMountGroup?: string;
  };
  readonly accessMode: { readonly mode: string };
}

export interface StageRequest {
  readonly volumeId: string;
  readonly publishContext: Texts;
  readonly stagingTargetPath: string;
  readonly volumeCapability: VolumeCapability;
  readonly secrets: Texts;
  readonly volumeContext: Texts;
}

export interface PublishRequest extends Omit<StageRequest, 'stagingTargetPath'> {
  readonly stagingTargetPath?: string;
  readonly targetPath: string;
  readonly readonly: boolean;
}

export interface NodeInfoAnswer {
  readonly nodeId: string;
  /** 0: no limit. */
  readonly maxVolumesPerNode: number;
  readonly accessibleTopology?: { readonly segments: Texts };
}

export interface CapabilitiesAnswer {
  readonly capabilities: readonly { readonly rpc?: { readonly type: string } }[];
}
