/**
 * What a Deployment keeps in annotations: revisions, and the sizes its ReplicaSets were last scaled for.
 *
 * Mirrors: pkg/controller/deployment/util/deployment_util.go (v1.36)
 */
import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';

export const REVISION_ANNOTATION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY_ANNOTATION = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS_ANNOTATION = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS_ANNOTATION = 'deployment.kubernetes.io/max-replicas';
/** Left over from extensions/v1beta1's rollbackTo. */
export const ROLLBACK_ANNOTATION = 'deprecated.deployment.rollback.to';

const HISTORY_CHARACTERS_MAX = 2000;
const INT32_MAX = 2 ** 31 - 1;

/** Annotations that a Deployment and its ReplicaSets do not share. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION_ANNOTATION,
  REVISION_HISTORY_ANNOTATION,
  DESIRED_REPLICAS_ANNOTATION,
  MAX_REPLICAS_ANNOTATION,
  ROLLBACK_ANNOTATION,
]);

type Annotations = Readonly<Record<string, string>>;
type Annotated = Pick<Deployment | ReplicaSet, 'metadata'>;

/** 0 if it has none; undefined if that is no int64. */
export function revisionOf(object: Annotated): bigint | undefined {
  return parseInteger(object.metadata.annotations?.[REVISION_ANNOTATION] ?? '0');
}

export function maxRevision(replicaSets: readonly ReplicaSet[]): bigint {
  return revisionsOf(replicaSets)[0] ?? 0n;
}

/** The second highest revision: the one before the present one. */
export function lastRevision(replicaSets: readonly ReplicaSet[]): bigint {
  return revisionsOf(replicaSets)[1] ?? 0n;
}

/** The highest first. */
function revisionsOf(replicaSets: readonly ReplicaSet[]): readonly bigint[] {
  const revisions = replicaSets.map(revisionOf).filter((revision) => revision !== undefined);
  return revisions.sort((a, b) => Number(b - a));
}

/** A non-negative int32, as the sizes are; undefined otherwise. */
export function countAnnotation(replicaSet: ReplicaSet, name: string): number | undefined {
  const text = replicaSet.metadata.annotations?.[name];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const count = Number(text);
  return count <= INT32_MAX ? count : undefined;
}

/**
 * The annotations of the new ReplicaSet: the Deployment's, and the revision if it grows. A revision that it had before
 * goes into its history.
 */
export function newReplicaSetAnnotations(deployment: Deployment, present: Annotations, revision: bigint): Annotations {
  const shared = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !OWN_ANNOTATIONS.has(key));
  const annotations = { ...present, ...Object.fromEntries(shared) };
  const oldText = present[REVISION_ANNOTATION];
  const old = parseInteger(oldText || '0');
  if (old === undefined || old >= revision) return annotations;
  const history =
    oldText === undefined ? undefined : extendHistory(present[REVISION_HISTORY_ANNOTATION] ?? '', oldText);
  return {
    ...annotations,
    [REVISION_ANNOTATION]: String(revision),
    ...(history === undefined ? {} : { [REVISION_HISTORY_ANNOTATION]: history }),
  };
}

/** The oldest revisions make room for the newest; undefined if even that is not enough. */
function extendHistory(history: string, revision: string): string | undefined {
  if (!history.split(',')[0]) return revision;
  const revisions = [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > HISTORY_CHARACTERS_MAX) revisions.shift();
  const text = revisions.join(',');
  return text.length <= HISTORY_CHARACTERS_MAX ? text : undefined;
}

export function sizeAnnotations(desired: number, max: number): Annotations {
  return { [DESIRED_REPLICAS_ANNOTATION]: String(desired), [MAX_REPLICAS_ANNOTATION]: String(max) };
}

/** The Deployment's annotations after a rollback to that ReplicaSet. */
export function rolledBackAnnotations(deployment: Deployment, replicaSet: ReplicaSet): Annotations {
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => OWN_ANNOTATIONS.has(key));
  const shared = Object.entries(replicaSet.metadata.annotations ?? {}).filter(([key]) => !OWN_ANNOTATIONS.has(key));
  return Object.fromEntries([...own, ...shared]);
}

/** The revision to go back to, 0 for the last one; undefined if nobody asked. */
export function rollbackRevision(deployment: Deployment): bigint | undefined {
  const text = deployment.metadata.annotations?.[ROLLBACK_ANNOTATION];
  return text ? parseInteger(text) : undefined;
}

function parseInteger(text: string): bigint | undefined {
  const [, sign, digits] = /^([+-]?)(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
