import type { Device, DeviceAttribute, DeviceConstraint } from '@kts/api/types/resource-v1';

/**
 * What the devices of one claim must have in common, or must not. Devices are added one after the other and taken back
 * in the opposite order; once a device does not fit, more devices do not make it fit.
 *
 * Mirrors: matchAttributeConstraint and constraint.go of structured/internal/incubating in
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 * Differs: a distinct attribute is distinct among the devices of one request, too.
 */
export interface ConstraintState {
  /** Whether the device may be there too; if so, it is counted. */
  add(candidate: ConstrainedDevice): boolean;
  /** For every successful `add`, with the same device. */
  remove(candidate: ConstrainedDevice): void;
}

export interface ConstrainedDevice {
  /** The request, and for an alternative also `request/alternative`. */
  readonly requestNames: readonly string[];
  readonly driver: string;
  readonly device: Device;
}

/** `undefined` for a constraint of an unknown type. */
export function constraintState(constraint: DeviceConstraint): ConstraintState | undefined {
  const names = new Set(constraint.requests);
  const concerns = ({ requestNames }: ConstrainedDevice): boolean =>
    names.size === 0 || requestNames.some((name) => names.has(name));
  if (constraint.matchAttribute) return matchAttribute(constraint.matchAttribute, concerns);
  if (constraint.distinctAttribute) return distinctAttribute(constraint.distinctAttribute, concerns);
  return undefined;
}

function matchAttribute(name: string, concerns: (candidate: ConstrainedDevice) => boolean): ConstraintState {
  let common: string | undefined;
  let devices = 0;
  return {
    add: (candidate) => {
      if (!concerns(candidate)) return true;
      const value = attributeValue(candidate, name);
      if (value === undefined || (devices > 0 && value !== common)) return false;
      common = value;
      devices++;
      return true;
    },
    remove: (candidate) => {
      if (concerns(candidate)) devices--;
    },
  };
}

function distinctAttribute(name: string, concerns: (candidate: ConstrainedDevice) => boolean): ConstraintState {
  const values = new Set<string>();
  return {
    add: (candidate) => {
      if (!concerns(candidate)) return true;
      const value = attributeValue(candidate, name);
      if (value === undefined || values.has(value)) return false;
      values.add(value);
      return true;
    },
    remove: (candidate) => {
      if (concerns(candidate)) values.delete(attributeValue(candidate, name)!);
    },
  };
}

/** Equal texts for equal values of the same type; `undefined` if the device does not have the attribute. */
function attributeValue({ driver, device: { attributes } }: ConstrainedDevice, name: string): string | undefined {
  const attribute = attributes && (own(attributes, name) ?? own(attributes, shortName(name, driver)));
  if (attribute === undefined) return undefined;
  if (attribute.string !== undefined) return `string:${attribute.string}`;
  if (attribute.int !== undefined) return `int:${attribute.int}`;
  if (attribute.bool !== undefined) return `bool:${attribute.bool}`;
  return attribute.version === undefined ? undefined : `version:${attribute.version}`;
}

function own(attributes: Readonly<Record<string, DeviceAttribute>>, name: string): DeviceAttribute | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

/** A driver may leave its own domain out. */
function shortName(name: string, driver: string): string {
  return name.startsWith(`${driver}/`) ? name.slice(driver.length + 1) : name;
}
