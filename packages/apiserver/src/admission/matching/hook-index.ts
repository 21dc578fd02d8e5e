import type { ResourceDefinition } from '@kts/api';

import type { ResourceCatalog } from '../../discovery/catalog.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { equivalentResources } from './equivalent-resources.ts';
import { matchWays, type MatchSubject, type MatchWays, type ResourceMatch } from './match-ways.ts';

/** A hook that may get a request. */
export interface RelevantHook<H> extends MatchWays {
  readonly hook: H;
  /** Its place among all hooks. */
  readonly index: number;
  /** What it was matched with. Of the namespace only counts whether there is one. */
  readonly subject: MatchSubject;
}

const NOTHING: readonly never[] = [];

/**
 * Webhooks or policies by what they are about. A request that concerns none of them costs a look-up; whatever changes,
 * hooks or resources, makes the index forget what it has worked out.
 */
export class HookIndex<H> {
  readonly #catalog: Pick<ResourceCatalog, 'all' | 'generation'>;
  readonly #matchOf: (hook: H) => ResourceMatch;
  readonly #known = new Map<string, readonly RelevantHook<H>[]>();
  #hooks: readonly H[] = [];
  #generation = 0;

  constructor(catalog: Pick<ResourceCatalog, 'all' | 'generation'>, matchOf: (hook: H) => ResourceMatch) {
    this.#catalog = catalog;
    this.#matchOf = matchOf;
  }

  get isEmpty(): boolean {
    return this.#hooks.length === 0;
  }

  /** In the order in which they are to be asked. */
  set(hooks: readonly H[]): void {
    this.#hooks = hooks;
    this.#known.clear();
  }

  /** Hooks whose rules match, apart from selectors, names and conditions. */
  relevantTo(attributes: AdmissionAttributes): readonly RelevantHook<H>[] {
    if (this.#hooks.length === 0) return NOTHING;
    if (this.#generation !== this.#catalog.generation) {
      this.#known.clear();
      this.#generation = this.#catalog.generation;
    }
    const { definition, subresource, operation, namespace } = attributes;
    const scope = namespace === '' ? 'cluster' : 'namespace';
    const key = `${operation} ${definition.group}/${definition.version}/${definition.plural}/${subresource} ${scope}`;
    return this.#known.getOrInsertComputed(key, () => this.#find(attributes));
  }

  #find(attributes: AdmissionAttributes): readonly RelevantHook<H>[] {
    const subject = matchSubject(attributes, this.#catalog.all());
    const found: RelevantHook<H>[] = [];
    for (const [index, hook] of this.#hooks.entries()) {
      const match = matchWays(this.#matchOf(hook), subject);
      if (match) found.push({ hook, index, subject, ...match });
    }
    return found;
  }
}

function matchSubject(attributes: AdmissionAttributes, all: Iterable<ResourceDefinition>): MatchSubject {
  const { operation, definition, subresource, namespace } = attributes;
  const equivalents = equivalentResources(all, definition, subresource);
  return { operation, definition, equivalents, subresource, namespace };
}
