/** A device of the whole cluster. Equal for equal devices, so it serves as a key; its parts contain no slash but one. */
export type DeviceId = string;

export interface DeviceName {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
}

export function deviceId({ driver, pool, device }: DeviceName): DeviceId {
  return `${driver}/${pool}/${device}`;
}
