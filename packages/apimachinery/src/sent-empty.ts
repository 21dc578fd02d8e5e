/**
 * Lists and maps that a client has sent empty. Decoding leaves them out, as they are never stored; but some messages
 * show `{}` where a field was sent so, and `null` where it was not sent at all. The marks belong to the decoded object
 * that would have the field, and last no longer than it does.
 */
const marks = new WeakMap<object, readonly string[]>();

export function markSentEmpty(object: object, fields: readonly string[]): void {
  marks.set(object, fields);
}

export function fieldsSentEmpty(object: object): readonly string[] | undefined {
  return marks.get(object);
}

/** `field` of a struct that was left out itself: `metadata.labels`. */
export function wasSentEmpty(object: object | undefined, field: string): boolean {
  return object !== undefined && marks.get(object)?.includes(field) === true;
}

/** For copies of a decoded object, `except` for fields that they have from elsewhere. Returns `to`. */
export function carrySentEmpty<T extends object>(from: object, to: T, except: readonly string[] = []): T {
  const fields = marks.get(from)?.filter((field) => !except.includes(field));
  if (fields?.length) marks.set(to, fields);
  return to;
}
