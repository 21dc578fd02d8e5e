/** What kinds with a pod template have in common. */
import {
  isDNS1123Label,
  labelSelectorMatcher,
  type KubeObject,
  type LabelMatcher,
  type LabelSelector,
} from '@kts/apimachinery';
import type { Container, PodSpec } from '../gen/core-v1.gen.ts';

/** Names and images of containers, as the last columns of `-o wide` show them. */
export function containerCells(containers: readonly Container[] | undefined): [string, string] {
  const list = containers ?? [];
  return [list.map(({ name }) => name).join(','), list.map(({ image = '' }) => image).join(',')];
}

/** `a=b,c=d`, sorted; `<none>` when there are none. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/** The selector as a matcher; nothing when it is not valid, which other checks complain about. */
export function matcherOf(selector: LabelSelector | undefined): LabelMatcher | undefined {
  try {
    return labelSelectorMatcher(selector ?? undefined);
  } catch {
    return undefined;
  }
}

export const isEmptySelector = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;

/** Pods are named after their owner, and hosts after their pod. */
export function nameWarnings(name: string, usedIn = 'Pod names and hostnames'): string[] {
  const complaints = isDNS1123Label(name);
  if (complaints.length === 0) return [];
  const consequence = 'which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: this is used in ${usedIn}, ${consequence}: [${complaints.join(' ')}]`];
}

/** New, or with a change that counts: then its warnings are worth repeating. */
export function isRevised(
  object: Pick<KubeObject, 'metadata'>,
  old: Pick<KubeObject, 'metadata'> | undefined,
): boolean {
  return !old || object.metadata.generation !== old.metadata.generation;
}

export const EMPTY_POD_SPEC: PodSpec = { containers: [] };
