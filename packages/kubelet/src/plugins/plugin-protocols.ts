/**
 * The messages and numbers of what the kubelet speaks with its plugins, as far as it uses them.
 *
 * Mirrors: staging/src/k8s.io/kubelet/pkg/apis/pluginregistration/v1, .../deviceplugin/v1beta1 (v1.36); the Container
 * Storage Interface 1.11 (github.com/container-storage-interface/spec)
 */
import { ProtoCodec } from '@kts/grpc';

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

export const DEVICE_PROTOCOL = new ProtoCodec({
  package: 'v1beta1',
  services: {
    Registration: { Register: { req: 'RegisterRequest', res: 'Empty' } },
    DevicePlugin: {
      GetDevicePluginOptions: { req: 'Empty', res: 'DevicePluginOptions' },
      ListAndWatch: { req: 'Empty', res: 'ListAndWatchResponse', serverStream: true },
      GetPreferredAllocation: { req: 'PreferredAllocationRequest', res: 'PreferredAllocationResponse' },
      Allocate: { req: 'AllocateRequest', res: 'AllocateResponse' },
      PreStartContainer: { req: 'PreStartContainerRequest', res: 'Empty' },
    },
  },
  enums: {},
  messages: {
    Empty: EMPTY,
    DevicePluginOptions: { fields: { pre_start_required: flag(1), get_preferred_allocation_available: flag(2) } },
    RegisterRequest: {
      fields: {
        version: text(1),
        endpoint: text(2),
        resource_name: text(3),
        options: message(4, 'DevicePluginOptions'),
      },
    },
    ListAndWatchResponse: { fields: { devices: messages(1, 'Device') } },
    Device: { fields: { ID: text(1), health: text(2) } },
    PreStartContainerRequest: { fields: { devices_ids: texts(1) } },
    PreferredAllocationRequest: { fields: { container_requests: messages(1, 'ContainerPreferredAllocationRequest') } },
    ContainerPreferredAllocationRequest: {
      fields: { available_deviceIDs: texts(1), must_include_deviceIDs: texts(2), allocation_size: number(3) },
    },
    PreferredAllocationResponse: {
      fields: { container_responses: messages(1, 'ContainerPreferredAllocationResponse') },
    },
    ContainerPreferredAllocationResponse: { fields: { deviceIDs: texts(1) } },
    AllocateRequest: { fields: { container_requests: messages(1, 'ContainerAllocateRequest') } },
    ContainerAllocateRequest: { fields: { devices_ids: texts(1) } },
    AllocateResponse: { fields: { container_responses: messages(1, 'ContainerAllocateResponse') } },
    ContainerAllocateResponse: {
      fields: {
        envs: map(1),
        mounts: messages(2, 'Mount'),
        devices: messages(3, 'DeviceSpec'),
        annotations: map(4),
        cdi_devices: messages(5, 'CDIDevice'),
      },
    },
    Mount: { fields: { container_path: text(1), host_path: text(2), read_only: flag(3) } },
    DeviceSpec: { fields: { container_path: text(1), host_path: text(2), permissions: text(3) } },
    CDIDevice: { fields: { name: text(1) } },
  },
});

/** What a plugin can do beyond listing and allocating. */
export interface DevicePluginOptions {
  readonly preStartRequired: boolean;
  readonly getPreferredAllocationAvailable: boolean;
}

export interface RegisterDevicesRequest {
  readonly version: string;
  /** Name of the plugin's socket beside the kubelet's. */
  readonly endpoint: string;
  readonly resourceName: string;
  readonly options?: DevicePluginOptions;
}

export interface DeviceList {
  readonly devices: readonly { readonly iD: string; readonly health: string }[];
}

/** What a container needs to work with its devices. */
export interface ContainerDevices {
  readonly envs: Texts;
  readonly mounts: readonly { readonly containerPath: string; readonly hostPath: string; readonly readOnly: boolean }[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly annotations: Texts;
  readonly cdiDevices: readonly { readonly name: string }[];
}

export interface AllocateAnswer {
  readonly containerResponses: readonly ContainerDevices[];
}

export interface PreferredAnswer {
  readonly containerResponses: readonly { readonly deviceIDs: readonly string[] }[];
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
