/**
 * What may change or refuse a write between authorization and the store.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/{interfaces,chain}.go (v1.36)
 */
import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import type { ObjectDraft } from '../registry/object-draft.ts';
import type { ApiServerRequest } from '../request.ts';
import { checkManagedFields } from './managed-fields-check.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One write as plugins see it. */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty while a generated name is not yet known. */
  readonly name: string;
  /** The new object; mutating plugins may change it. Undefined for a deletion. */
  readonly object: ObjectDraft | undefined;
  /** The object before; undefined for a creation. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions as webhooks get them; connections have none. */
  readonly options: object | undefined;
  readonly request: ApiServerRequest;
}

/**
 * Whether an admission is the second round, which there is when a webhook or a policy has changed the object. Plugins
 * keep here what they have to know about the first round.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/{reinvocation,attributes}.go (v1.36)
 */
export interface Reinvocation {
  readonly isSecondRound: boolean;
  /** Asks for the second round. */
  require(): void;
  /** What a plugin has kept, or what `make` gives it to begin with. */
  state<T extends object>(plugin: string, make: () => T): T;
}

/** What is known of a write before it is looked at. */
export type AdmissionTarget = Pick<AdmissionAttributes, 'definition' | 'operation' | 'subresource'>;

export interface AdmissionPlugin {
  readonly name: string;
  /** Asked once for each target: plugins that a write cannot concern are passed over. Absent: any may. */
  concerns?(target: AdmissionTarget): boolean;
  /** Changes the object, or throws what the client gets. */
  admit?(attributes: AdmissionAttributes, reinvocation: Reinvocation): void | Promise<void>;
  /** Throws what the client gets. Must not change anything. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

export interface AdmissionChain {
  admit(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
}

/** Asks the plugins in order; the first refusal counts. */
export function admissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  const routes = new AdmissionRoutes(plugins);
  return {
    async admit(attributes) {
      const { admitting } = routes.of(attributes);
      const rounds = new Rounds();
      const managedFields = attributes.object?.metadata?.managedFields;
      await rounds.run(admitting, attributes);
      if (rounds.isRequired) await rounds.second().run(admitting, attributes);
      checkManagedFields(attributes, managedFields);
    },
    async validate(attributes) {
      for (const plugin of routes.of(attributes).validating) {
        const pending = plugin.validate!(attributes);
        if (pending) await pending;
      }
    },
  };
}

interface AdmissionRoute {
  readonly admitting: readonly AdmissionPlugin[];
  readonly validating: readonly AdmissionPlugin[];
}

/** Which plugins a write may concern: of some thirty, a handful. */
class AdmissionRoutes {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #known = new WeakMap<ResourceDefinition, Map<string, AdmissionRoute>>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  of(target: AdmissionTarget): AdmissionRoute {
    const { definition, operation, subresource } = target;
    let routes = this.#known.get(definition);
    if (!routes) this.#known.set(definition, (routes = new Map()));
    return routes.getOrInsertComputed(`${operation} ${subresource}`, () => this.#find(target));
  }

  #find(target: AdmissionTarget): AdmissionRoute {
    const concerned = this.#plugins.filter((plugin) => plugin.concerns?.(target) ?? true);
    return {
      admitting: concerned.filter((plugin) => 'admit' in plugin),
      validating: concerned.filter((plugin) => 'validate' in plugin),
    };
  }
}

/** For plugins about certain resources, which are named as by `resourceOf`. */
export function only(...resources: readonly string[]): (target: AdmissionTarget) => boolean {
  return (target) => resources.includes(resourceOf(target));
}

class Rounds implements Reinvocation {
  readonly isSecondRound: boolean;
  readonly #states: Map<string, object>;
  isRequired = false;

  constructor(isSecondRound = false, states = new Map<string, object>()) {
    this.isSecondRound = isSecondRound;
    this.#states = states;
  }

  second(): Rounds {
    return new Rounds(true, this.#states);
  }

  require(): void {
    this.isRequired = true;
  }

  state<T extends object>(plugin: string, make: () => T): T {
    return this.#states.getOrInsertComputed(plugin, make) as T;
  }

  async run(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of plugins) {
      const pending = plugin.admit!(attributes, this);
      if (pending) await pending;
    }
  }
}

/** `pods`, `deployments.apps`: what plugins switch on. */
export function resourceOf({ definition }: Pick<AdmissionAttributes, 'definition'>): string {
  return definition.group ? `${definition.plural}.${definition.group}` : definition.plural;
}
