import type { ApiServerRequest } from '../request.ts';

/** Tells the audit log something about the request. What was said first under a key stays. */
export function annotateAudit(request: ApiServerRequest, key: string, value: string): void {
  request.auditAnnotations ??= {};
  request.auditAnnotations[key] ??= value;
}
