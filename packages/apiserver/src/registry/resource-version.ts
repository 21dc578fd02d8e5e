/**
 * Mirrors: ParseResourceVersion in staging/src/k8s.io/apiserver/pkg/storage/versioner.go and NewTooLargeResourceVersionError in
 * staging/src/k8s.io/apiserver/pkg/storage/errors.go (v1.36)
 */
import { childSignal } from '@kts/base';
import { badRequest, failure, FieldPath, invalid, goQuote } from '@kts/apimachinery';
import type { Revision } from '@kts/store';

import type { RequestScope } from './request-scope.ts';

/** How long a read waits for a version that this server has not seen yet. */
const FRESH_WAIT_MS_MAX = 3_000;

/** 0 for the empty string. Throws an error without a reason, as everything but a list answers. */
export function parseResourceVersion(text: string): Revision {
  const revision = readRevision(text);
  if (revision === undefined) throw failure('', unreadable(text));
  return revision;
}

/** The same for lists. Throws BadRequest. */
export function parseListVersion(text: string): Revision {
  const revision = readRevision(text);
  if (revision === undefined) throw badRequest(`invalid resource version: ${unreadable(text)}`);
  return revision;
}

function readRevision(text: string): Revision | undefined {
  if (text === '') return 0;
  const revision = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(revision) ? revision : undefined;
}

function unreadable(text: string): string {
  const detail = `strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`;
  const { field, message } = invalid(FieldPath.of('resourceVersion'), text, detail);
  return `${field}: ${message}`;
}

/** Waits until reads show the newest state (empty) or at least a version. Throws Timeout for one from the future. */
export async function awaitVersion(scope: RequestScope, resourceVersion: string): Promise<void> {
  const { registry, request } = scope;
  const wanted = parseResourceVersion(resourceVersion) || (await registry.store.revision());
  if (wanted <= registry.feed.revision) return;
  using deadline = childSignal(request.signal);
  const timer = registry.clock.after(FRESH_WAIT_MS_MAX, () => deadline.abort());
  try {
    await registry.feed.caughtUp(wanted, deadline.signal);
  } catch {
    throw tooLargeVersion(wanted, registry.feed.revision);
  } finally {
    timer.cancel();
  }
}

export function tooLargeVersion(wanted: Revision, current: Revision): Error {
  return failure('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
