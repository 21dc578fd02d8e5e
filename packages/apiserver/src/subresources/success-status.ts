import type { Status } from '@kts/apimachinery';

/** The answer to an action that has no object to show. */
export function successStatus(code?: number): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...(code ? { code } : {}) };
}
