import { labelSelectorMatcher, type LabelSelector } from '@kts/apimachinery';

export type Labels = Readonly<Record<string, string>>;

/** One label. Names such as `constructor` are labels too, so inherited properties do not count. */
export function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** A label selector, compiled once and matched many times. */
export interface Selection {
  matches(labels: Labels | undefined): boolean;
  /** Selects everything. An absent selector selects nothing, and is not empty. */
  readonly empty: boolean;
  /** Equal for equal selectors: the key of caches. */
  readonly signature: string;
}

const NOTHING: Selection = { matches: () => false, empty: false, signature: 'nothing' };

const EVERYTHING: Selection = { matches: () => true, empty: true, signature: 'everything' };

const known = new WeakMap<LabelSelector | Labels, Selection>();

/**
 * An absent selector selects nothing, an empty one everything. Objects are immutable, so what was made of a selector is
 * remembered for as long as it lives. Throws SelectorError.
 */
export function selection(selector: LabelSelector | undefined): Selection {
  if (selector === undefined) return NOTHING;
  let made = known.get(selector);
  if (made === undefined) {
    made = compile(selector);
    known.set(selector, made);
  }
  return made;
}

/** What has all of these labels. */
export function labelsSelection(labels: Labels): Selection {
  let made = known.get(labels);
  if (made === undefined) {
    made = compile({ matchLabels: labels });
    known.set(labels, made);
  }
  return made;
}

function compile(selector: LabelSelector): Selection {
  const matcher = labelSelectorMatcher(selector);
  if (matcher.everything) return EVERYTHING;
  const signature = matcher.toString();
  if (selector.matchExpressions?.length)
    return { matches: (labels) => matcher.matches(labels), empty: false, signature };
  // The usual case, on the hottest path of all.
  const pairs = Object.entries(selector.matchLabels ?? {});
  return { matches: (labels) => hasAll(labels, pairs), empty: false, signature };
}

/** What matches both. */
export function both(one: Selection, other: Selection): Selection {
  if (one.empty) return other;
  if (other.empty) return one;
  return {
    matches: (labels) => one.matches(labels) && other.matches(labels),
    empty: false,
    signature: `${one.signature}&${other.signature}`,
  };
}

function hasAll(labels: Labels | undefined, pairs: readonly (readonly [string, string])[]): boolean {
  for (const [key, value] of pairs) if (labelOf(labels, key) !== value) return false;
  return true;
}
