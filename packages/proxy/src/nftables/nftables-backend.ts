import { runCommand } from '@kts/host-linux';
import type { Logger } from '@kts/base';

import type { ProxyBackend } from '../proxy-backend.ts';
import type { ServiceRoute } from '../service-routes.ts';
import { flowTargets, goneTargets, parseFlows, planStaleFlows, sameTargets, type FlowTargets } from './conntrack.ts';
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
      const targets = flowTargets(routes);
      const gone = goneTargets(routesBefore, routes);
      if (gone.size > 0 || !sameTargets(flowTargets(routesBefore), targets)) {
        await forgetFlows(new Map([...targets, ...gone]));
      }
      routesBefore = routes;
    },
    async cleanUp() {
      applied = undefined;
      await runCommand(['nft', '-f', '-'], { ...inside, input: planRemoval(options.family) });
    },
  };

  async function forgetFlows(targets: FlowTargets): Promise<void> {
    const udp = ['-f', options.family.toLowerCase(), '-p', 'udp'];
    const listed = await runCommand(['conntrack', '-L', ...udp], inside).catch((error: unknown) => {
      deps.log.warn('connection tracking cannot be listed', { error });
      return '';
    });
    for (const filter of planStaleFlows(targets, parseFlows(listed))) {
      try {
        await runCommand(['conntrack', '-D', ...udp, ...filter], inside);
      } catch (error) {
        // It fails too when the flow has ended meanwhile.
        deps.log.debug(4, 'no connection tracking entries removed', { error, filter: filter.join(' ') });
      }
    }
  }
}
