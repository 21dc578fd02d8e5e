import type { ResourceDefinition } from '@kts/api';

/**
 * The resources this server has, built-in and custom. Whoever serves custom resources adds and removes their
 * definitions here; routing, discovery and OpenAPI follow.
 */
export class ResourceCatalog {
  readonly #byPath = new Map<string, ResourceDefinition>();
  readonly #byKind = new Map<string, ResourceDefinition>();
  #generation = 0;

  constructor(definitions: Iterable<ResourceDefinition> = []) {
    for (const definition of definitions) this.add(definition);
  }

  /** Grows with every change: what was derived from the catalog at another generation is stale. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  findKind(group: string, version: string, kind: string): ResourceDefinition | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  /** In order of addition. */
  all(): Iterable<ResourceDefinition> {
    return this.#byPath.values();
  }

  /** Whether the group has built-in resources: custom ones leave no trace of what they do not have. */
  hasGroup(group: string): boolean {
    for (const definition of this.#byPath.values()) {
      if (definition.group === group && !definition.behaviour.coerce) return true;
    }
    return false;
  }

  /** Replaces a definition of the same group, version and plural. */
  add(definition: ResourceDefinition): void {
    const prefix = `${definition.group}/${definition.version}/`;
    this.#byPath.set(prefix + definition.plural, definition);
    this.#byKind.set(prefix + definition.kind, definition);
    this.#generation++;
  }

  remove(definition: Pick<ResourceDefinition, 'group' | 'version' | 'plural'>): void {
    const path = `${definition.group}/${definition.version}/${definition.plural}`;
    const known = this.#byPath.get(path);
    if (!known) return;
    this.#byPath.delete(path);
    this.#byKind.delete(`${known.group}/${known.version}/${known.kind}`);
    this.#generation++;
  }
}
