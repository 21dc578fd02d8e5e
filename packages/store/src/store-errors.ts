/** The store was closed; nothing more can be read or written. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError';

  constructor() {
    super('the store is closed');
  }
}

/**
 * A write could not be made durable, so the store has stopped: what is on disk is intact, and the writes that were
 * under way may or may not be part of it. Open the store again to go on.
 */
export class StoreFailedError extends Error {
  override readonly name = 'StoreFailedError';

  constructor(path: string, cause: unknown) {
    super(`store ${path} has stopped: ${Error.isError(cause) ? cause.message : String(cause)}`, { cause });
  }
}

/** Another process, or another store in this one, has the file open. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';

  constructor(path: string) {
    super(`store ${path} is in use: it was opened before, by this or another process`);
  }
}

/** The file cannot be opened or created: its directory is missing, or is not ours to write. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';

  constructor(path: string, cause: Error) {
    super(`store ${path} cannot be opened: ${cause.message}`, { cause });
  }
}

/** The file was written by a newer version of this program. It was not changed. */
export class StoreVersionError extends Error {
  override readonly name = 'StoreVersionError';

  constructor(path: string, found: number, supported: number) {
    super(`store ${path} has format ${found}, but this version reads formats up to ${supported}; it was left as it is`);
  }
}

/** The file is not a store, or is damaged. It was not changed. */
export class StoreCorruptError extends Error {
  override readonly name = 'StoreCorruptError';

  constructor(path: string, problem: string, cause?: unknown) {
    super(`store ${path} cannot be read: ${problem}; it was left as it is`, { cause });
  }
}

/** No server of the store can be reached. A write that was under way may or may not have happened; trying again may help. */
export class StoreUnreachableError extends Error {
  override readonly name = 'StoreUnreachableError';

  constructor(endpoints: readonly string[], cause: unknown) {
    const problem = Error.isError(cause) ? cause.message : String(cause);
    super(`the store at ${endpoints.join(', ')} cannot be reached: ${problem}`, { cause });
  }
}

/** The store's server does not do what it was asked: a value is too large, or its disk is full. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError';

  constructor(problem: string, cause: unknown) {
    super(`the store refused: ${problem}`, { cause });
  }
}
