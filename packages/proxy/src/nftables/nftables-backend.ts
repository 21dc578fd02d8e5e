import { runCommand } from '@kts/host-linux';
import type { Logger } from '@kts/base';

import type { ProxyBackend } from '../proxy-backend.ts';
import type { ServiceRoute } from '../service-routes.ts';
import { planStaleFlows, type FlowFilter } from './conntrack.ts';
import { planRemoval, planTransaction } from './nft-transaction.ts';
import { computeRuleset, type Ruleset, type RulesetOptions } from './ruleset.ts';

export interface NftablesBackendDeps {
  /** Path of the node's network namespace; absent: this process's own. */
  readonly networkNamespace: string | undefined;
  readonly log: Logger;
}

/** Services as nftables rules, changed by differences; after a failure the table is made anew. */
export function createNftablesBackend(options: RulesetOptions, deps: NftablesBackendDeps): ProxyBackend {
  const inside = { networkNamespace: deps.networkNamespace };
  let applied: Ruleset | undefined;
  let routesBefore: readonly ServiceRoute[] = [];
  return {
    async apply(routes, traffic) {
      const wanted = computeRuleset(routes, options, traffic);
      const transaction = planTransaction(applied, wanted);
      if (transaction !== '') {
        try {
          await runCommand(['nft', '-f', '-'], { ...inside, input: transaction });
        } catch (error) {
          applied = undefined;
          throw error;
        }
      }
      applied = wanted;
      await forgetFlows(planStaleFlows(routesBefore, routes));
      routesBefore = routes;
    },
    async cleanUp() {
      applied = undefined;
      await runCommand(['nft', '-f', '-'], { ...inside, input: planRemoval(options.family) });
    },
  };

  async function forgetFlows(filters: readonly FlowFilter[]): Promise<void> {
    for (const filter of filters) {
      try {
        await runCommand(['conntrack', '-D', ...filter.arguments], inside);
      } catch (error) {
        // It fails too when there was no such flow, which is the usual case.
        deps.log.debug(4, 'no connection tracking entries removed', { error, filter: filter.arguments.join(' ') });
      }
    }
  }
}
