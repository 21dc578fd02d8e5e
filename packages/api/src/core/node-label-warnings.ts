/**
 * Labels of nodes that have other names by now.
 *
 * Mirrors: pkg/api/node/util.go (v1.36)
 */
import { isLabelValue, type FieldPath, type LabelSelector } from '@kts/apimachinery';
import type { NodeSelectorTerm } from '../gen/core-v1.gen.ts';

const DEPRECATED_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What is wrong with using this label, if anything. */
export function deprecatedNodeLabel(key: string): string | undefined {
  return Object.hasOwn(DEPRECATED_LABELS, key) ? DEPRECATED_LABELS[key] : undefined;
}

/** Preferred terms may hold values that no label can have; required terms are validated instead. */
export function nodeSelectorTermWarnings(
  { matchExpressions = [] }: NodeSelectorTerm,
  path: FieldPath,
  checkValues: boolean,
): string[] {
  return matchExpressions.flatMap(({ key, values }, index) => {
    const at = path.child('matchExpressions').index(index);
    const badValues = (checkValues ? (values ?? []) : []).flatMap((value, i) =>
      isLabelValue(value).map(
        (complaint) => `${at.child('values').index(i).toString()}: ${value} is invalid, ${complaint}`,
      ),
    );
    return [...keyWarnings(key, at.child('key')), ...badValues];
  });
}

export function nodeLabelSelectorWarnings(selector: LabelSelector | undefined, path: FieldPath): string[] {
  const { matchExpressions = [], matchLabels = {} } = selector ?? {};
  const labels = Object.keys(matchLabels).flatMap((label) => {
    const message = deprecatedNodeLabel(label);
    return message === undefined ? [] : [`${path.child('matchLabels', label).toString()}: ${message}`];
  });
  const expressions = matchExpressions.flatMap(({ key }, index) =>
    keyWarnings(key, path.child('matchExpressions').index(index).child('key')),
  );
  return [...expressions, ...labels];
}

/** For fields that hold the name of a label. */
export function keyWarnings(key: string, path: FieldPath): string[] {
  const message = deprecatedNodeLabel(key);
  return message === undefined ? [] : [`${path.toString()}: ${key} is ${message}`];
}
