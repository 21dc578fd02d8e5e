import type { Pod } from '@kts/api/types/core-v1';
import { filterNode, prepareCycle } from '../framework/cycle.ts';
import { joinReasons } from '../framework/diagnosis.ts';
import type { Plugin } from '../framework/plugin.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { profileOf } from '../framework/profile.ts';
import { totalScores } from '../framework/schedule-one.ts';
import type { Snapshot } from '../framework/snapshot.ts';

/** What one plugin says about a pod: `fits` or its reasons, by node; or one text if it rejects the pod as such. */
export function verdicts(plugin: Plugin, pod: Pod, snapshot: Snapshot): Readonly<Record<string, string>> | string {
  const { cycle, rejected, narrowed } = prepareCycle(
    snapshot,
    podInfoOf(pod),
    profileOf('test', [{ plugin, weight: 1 }]),
  );
  if (rejected) return joinReasons(rejected.rejection.reasons);
  const verdict: Record<string, string> = {};
  for (const node of snapshot.nodes) {
    if (narrowed && !narrowed.nodeNames.has(node.name)) continue;
    verdict[node.name] = joinReasons(filterNode(cycle, node)?.rejection.reasons ?? ['fits']);
  }
  return verdict;
}

/** The final scores that one plugin gives, by node. */
export function scores(plugin: Plugin, pod: Pod, snapshot: Snapshot): Readonly<Record<string, number>> {
  const profile = profileOf('test', [{ plugin, weight: 1 }]);
  const { cycle } = prepareCycle(snapshot, podInfoOf(pod), profile);
  const nodes = [...snapshot.nodes];
  const totals = totalScores(cycle, nodes, profile);
  return Object.fromEntries(nodes.map(({ name }, index) => [name, totals[index]!]));
}
