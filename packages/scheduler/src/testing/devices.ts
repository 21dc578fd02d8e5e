import type {
  Device,
  DeviceClass,
  DeviceClassSpec,
  DeviceConstraint,
  DeviceRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimStatus,
  ResourceSlice,
  ResourceSliceSpec,
} from '@kts/api/types/resource-v1';

/** Devices, classes and claims for tests, with everything that a test does not say filled in. */
const CREATED = '2026-01-01T00:00:00Z';
const DRIVER = 'gpu.example.com';

function metadata(name: string) {
  return { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: CREATED };
}

export type SliceOptions = Partial<Omit<ResourceSliceSpec, 'pool'>> & Partial<ResourceSliceSpec['pool']>;

/** A complete pool of its own, named after its node, unless it says otherwise. */
export function slice(name: string, devices: readonly (Device | string)[], options: SliceOptions = {}): ResourceSlice {
  const { generation = 1, resourceSliceCount = 1, name: pool = options.nodeName ?? name, ...spec } = options;
  return {
    metadata: metadata(name),
    spec: {
      driver: DRIVER,
      pool: { name: pool, generation, resourceSliceCount },
      ...(devices.length > 0 && { devices: devices.map((one) => (typeof one === 'string' ? { name: one } : one)) }),
      ...spec,
    },
  };
}

export function deviceClass(name: string, spec: DeviceClassSpec = {}): DeviceClass {
  return { metadata: metadata(name), spec };
}

export interface ClaimOptions {
  readonly constraints?: readonly DeviceConstraint[];
  readonly status?: ResourceClaimStatus;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Each request asks for one device of class `gpu`, unless it says otherwise. */
export function claim(
  name: string,
  requests: readonly (Partial<ExactDeviceRequest> | DeviceRequest)[] = [{}],
  { constraints, status, annotations }: ClaimOptions = {},
): ResourceClaim {
  const all = requests.map((request, index): DeviceRequest =>
    'name' in request ? request : { name: `r${index}`, exactly: { deviceClassName: 'gpu', ...request } },
  );
  return {
    metadata: { ...metadata(name), namespace: 'default', ...(annotations && { annotations }) },
    spec: { devices: { requests: all, ...(constraints && { constraints }) } },
    ...(status && { status }),
  };
}

/** As if the claim had these devices, each `pool/device`. */
export function allocatedTo(...devices: readonly string[]): ResourceClaimStatus {
  const results = devices.map((name) => {
    const [pool = '', device = ''] = name.split('/');
    return { request: 'r0', driver: DRIVER, pool, device };
  });
  return { allocation: { devices: { results } } };
}

/** The object as somebody would create it. */
export function asNew<T extends { readonly metadata: object }>(object: T): T {
  const {
    uid: _,
    resourceVersion: __,
    creationTimestamp: ___,
    ...metadata
  } = object.metadata as Record<string, unknown>;
  return { ...object, metadata };
}
