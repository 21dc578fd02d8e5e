import { badRequest, isPathSegmentName, goQuote } from '@kts/apimachinery';

/** Refuses names that cannot be a part of a key. Throws BadRequest. */
export function checkKeyName(name: string): void {
  const problems = isPathSegmentName(name);
  if (problems.length > 0) throw badRequest(`Name parameter invalid: ${goQuote(name)}: ${problems.join(';')}`);
}
