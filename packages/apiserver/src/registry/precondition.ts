/**
 * How a write that was meant for another object is refused.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/{errors,interfaces}.go (v1.36)
 */
const ROOT = '/registry';

/** Dry runs end before the root of the store is put in front of a key. */
export function keyInMessages(key: string, dryRun: boolean): string {
  return dryRun && key.startsWith(ROOT) ? key.slice(ROOT.length) : key;
}

export function preconditionFailed(key: string, problem: string): string {
  const detail = `Precondition failed: ${problem}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
}
