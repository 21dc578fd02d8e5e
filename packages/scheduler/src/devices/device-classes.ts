import type { DeviceClass } from '@kts/api/types/resource-v1';
import { isExtendedResource } from '../framework/resources.ts';

/**
 * Device classes, and which of them stands for an extended resource: the one that names it, the newest if several do;
 * and each class for the resource that is named after it.
 *
 * Mirrors: deviceclass/extendedresourcecache of staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export class DeviceClasses {
  readonly #byName = new Map<string, DeviceClass>();
  readonly #byResource = new Map<string, DeviceClass>();

  constructor(classes: Iterable<DeviceClass> = []) {
    for (const one of classes) this.set(one);
  }

  set(deviceClass: DeviceClass): void {
    const { name } = deviceClass.metadata;
    this.#byName.set(name, deviceClass);
    this.#index();
  }

  delete({ metadata }: DeviceClass): void {
    this.#byName.delete(metadata.name);
    this.#index();
  }

  get(name: string): DeviceClass | undefined {
    return this.#byName.get(name);
  }

  /** The class whose devices the resource stands for. */
  forResource(resource: string): DeviceClass | undefined {
    return this.#byResource.get(resource);
  }

  #index(): void {
    this.#byResource.clear();
    for (const one of this.#byName.values()) {
      this.#byResource.set(`${CLASS_PREFIX}${one.metadata.name}`, one);
      const { extendedResourceName: resource } = one.spec;
      if (resource === undefined) continue;
      const other = this.#byResource.get(resource);
      if (other === undefined || isPreferred(one, other)) this.#byResource.set(resource, one);
    }
  }
}

const CLASS_PREFIX = 'deviceclass.resource.kubernetes.io/';

/** Whether devices can stand for a resource of this name. */
export function mayBeDevices(resource: string): boolean {
  return isExtendedResource(resource) || resource.startsWith(CLASS_PREFIX);
}

/** The name by which pods can ask for devices of a class as a resource. */
export function resourceOfClass(className: string): string {
  return `${CLASS_PREFIX}${className}`;
}

function isPreferred({ metadata: one }: DeviceClass, { metadata: other }: DeviceClass): boolean {
  const [created, before] = [one.creationTimestamp ?? '', other.creationTimestamp ?? ''];
  return created > before || (created === before && one.name < other.name);
}
