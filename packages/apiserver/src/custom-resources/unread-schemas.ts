import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

type Schema = CustomResourceDefinitionVersion['schema'];

/** Where a definition can be read again. */
export interface DefinitionSource {
  object(): object;
}

/**
 * A definition without its schemas, which may be large: they are read when somebody first looks at one, and kept from
 * then on.
 */
export class UnreadSchemas {
  readonly definition: CustomResourceDefinition;
  #source: DefinitionSource | undefined;
  #schemas: readonly Schema[] | undefined;

  constructor(crd: CustomResourceDefinition, source: DefinitionSource) {
    this.#source = source;
    const versions = crd.spec.versions.map((version, index) => this.#withoutSchema(version, index));
    this.definition = { ...crd, spec: { ...crd.spec, versions } };
  }

  /** The same definition is to be had from somewhere else, so that the place before can go. */
  moveTo(source: DefinitionSource): void {
    if (!this.#schemas) this.#source = source;
  }

  #withoutSchema(version: CustomResourceDefinitionVersion, index: number): CustomResourceDefinitionVersion {
    const { schema, ...rest } = version;
    if (!schema) return version;
    const read = (): Schema => this.#read()[index];
    return Object.defineProperty(rest as CustomResourceDefinitionVersion, 'schema', { enumerable: true, get: read });
  }

  #read(): readonly Schema[] {
    if (!this.#schemas) {
      const { spec } = this.#source!.object() as CustomResourceDefinition;
      this.#schemas = spec.versions.map(({ schema }) => schema);
      this.#source = undefined;
    }
    return this.#schemas;
  }
}
