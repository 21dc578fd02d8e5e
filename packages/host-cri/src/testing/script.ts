/** What a scripted runtime plays. Everything that is not named succeeds, and containers run until they are stopped. */
export interface RuntimeScript {
  /** By container name; of a list, each attempt takes the next and the last stays. */
  readonly containers?: Readonly<Record<string, ContainerScript | readonly ContainerScript[]>>;
  /** By container name and command line. */
  readonly exec?: Readonly<Record<string, Readonly<Record<string, ExecScript | readonly ExecScript[]>>>>;
  /** Images that are present from the start, with their user. */
  readonly images?: Readonly<Record<string, ImageScript>>;
  /** Outcomes of pulls, by image. */
  readonly pulls?: Readonly<Record<string, CallScript | readonly CallScript[]>>;
  /** Outcome of the n-th call of a method, such as `RunPodSandbox`; `null`: as usual. */
  readonly faults?: Readonly<Record<string, readonly (CallScript | null)[]>>;
  /** ContainerStatus tells the user of the processes. */
  readonly reportUser?: boolean;
}

export interface ContainerScript {
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly oom?: boolean;
  /** Written to the termination log at the end. */
  readonly termination?: string;
  /** Lines of the log. */
  readonly logs?: readonly string[];
  /** Files by path in the container, written at the start. */
  readonly writes?: Readonly<Record<string, string>>;
  /** Files of that many bytes. */
  readonly writeSizes?: Readonly<Record<string, number>>;
  readonly onStop?: { readonly exitCode?: number; readonly afterMs?: number; readonly ignore?: boolean };
  readonly startError?: { readonly message: string; readonly exitCode?: number };
  readonly createError?: { readonly message: string };
}

export interface ExecScript {
  readonly delayMs?: number;
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface ImageScript {
  readonly uid?: number;
  readonly username?: string;
}

export interface CallScript {
  /** Absent: success. */
  readonly message?: string;
  /** gRPC's code in capitals; default UNKNOWN. */
  readonly code?: string;
  readonly delayMs?: number;
}

/** Takes the next of a list; its last element stays. */
export class Turns {
  readonly #taken = new Map<string, number>();

  next<T>(key: string, entries: T | readonly T[] | undefined): T | undefined {
    if (!Array.isArray(entries)) return entries as T | undefined;
    const list = entries as readonly T[];
    const index = this.#taken.get(key) ?? 0;
    this.#taken.set(key, index + 1);
    return list[Math.min(index, list.length - 1)];
  }
}
