import type { KubeObject, ObjectKey, ResourceType } from '@kts/apimachinery';
import type { BackoffOptions, Clock, Logger, Random } from '@kts/base';
import type { Client, Selection } from '@kts/client';

import type { EventRecorder } from './event-recorder.ts';
import type { Expectations } from './expectations.ts';
import type { Informers } from './informers.ts';

/**
 * One controller: it brings the world in line with each object of one resource, level-triggered.
 *
 *     observe (reads caches)  ->  plan (pure)  ->  apply (I/O)
 *
 * The runner calls the three for one key at a time, whenever something that concerns the key changed, and again after a
 * back-off if any of them threw.
 */
export interface ControllerDefinition<T extends KubeObject, Observed, Plan> {
  readonly name: string;
  readonly for: ResourceType<T>;
  readonly selection?: Selection;
  /** Which objects there is anything to do for, now or later; absent: all. */
  readonly concerns?: (object: T) => boolean;
  /** Which updates of the object itself matter; absent: all. */
  readonly changed?: (old: T, object: T) => boolean;
  /** How long to gather changes after an update of the object itself. Default 0. */
  readonly updateDelayMs?: (old: T, object: T, context: ControllerContext) => number;
  /** Resources whose objects have a `for` object as controller: their changes concern it. */
  readonly owns?: readonly (ResourceType<KubeObject> | OwnedSource)[];
  /** Other resources whose changes concern keys of `for`. */
  readonly watches?: readonly WatchedSource[];
  /** Further resources that `observe` reads: work starts only when they have synced. */
  readonly reads?: readonly ResourceType<KubeObject>[];
  /** Once, before anything is delivered: the place for `addIndex`. */
  readonly setup?: (context: ControllerContext) => void;
  /** Everything `plan` needs, the time included. Synchronous. `undefined`: nothing to do, such as for a deleted object. */
  readonly observe: (key: ObjectKey, context: ControllerContext) => Observed | undefined;
  /** Pure. A `requeueAfterMs` in the plan brings the key back after that time. */
  readonly plan: (observed: Observed) => Plan;
  /** Its `requeueAfterMs`, if it returns one, counts instead of the plan's. */
  readonly apply: (plan: Plan, observed: Observed, context: ControllerContext) => Promise<Requeue | void>;
  /** Keys worked on at a time. Default 5. */
  readonly workers?: number;
  /** Of a key that fails. Default: from 5 ms on, doubled each time. */
  readonly backoff?: BackoffOptions;
  /** After that many failures in a row the key is dropped until something changes. Default: never. */
  readonly retriesMax?: number;
}

export interface Requeue {
  readonly requeueAfterMs?: number | undefined;
}

/** What the steps of a controller may use. */
export interface ControllerContext {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** By key of `for`; observed creations and deletions of owned objects are counted by the runner. */
  readonly expectations: Expectations;
  /** Brings a key in, at once or later. */
  readonly enqueue: (key: ObjectKey, afterMs?: number) => void;
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
}

/** See `ownedBy`. */
export interface OwnedSource {
  readonly kind: 'owned';
  readonly type: ResourceType<KubeObject>;
  readonly selection: Selection | undefined;
  readonly adopt: ((orphan: KubeObject, context: ControllerContext) => readonly ObjectKey[]) | undefined;
  readonly delayMs: number;
}

/** See `watching`. */
export interface WatchedSource {
  readonly kind: 'watched';
  readonly type: ResourceType<KubeObject>;
  readonly selection: Selection | undefined;
  readonly map: (object: KubeObject, context: ControllerContext) => readonly ObjectKey[];
  readonly changed: ((old: KubeObject, object: KubeObject) => boolean) | undefined;
  readonly delayMs: ((key: ObjectKey) => number) | undefined;
}

export type AnyControllerDefinition = ControllerDefinition<KubeObject, unknown, unknown>;

/** Checks a definition's types and forgets them, so that controllers of all kinds go into one list. */
export function defineController<T extends KubeObject, Observed, Plan>(
  definition: ControllerDefinition<T, Observed, Plan>,
): AnyControllerDefinition {
  return definition as unknown as AnyControllerDefinition;
}

/** An owned resource; `adopt` names the keys that might want an object without a controller. */
export function ownedBy<T extends KubeObject>(
  type: ResourceType<T>,
  options: {
    readonly selection?: Selection;
    readonly adopt?: (orphan: T, context: ControllerContext) => readonly ObjectKey[];
    /** How long to gather changes before they bring the owner in. Default 0. */
    readonly delayMs?: number;
  } = {},
): OwnedSource {
  return {
    kind: 'owned',
    type: type as ResourceType<KubeObject>,
    selection: options.selection,
    adopt: options.adopt as OwnedSource['adopt'],
    delayMs: options.delayMs ?? 0,
  };
}

/** A resource whose changes concern the keys that `map` names, of the object before and after the change. */
export function watching<T extends KubeObject>(
  type: ResourceType<T>,
  options: {
    readonly selection?: Selection;
    readonly map: (object: T, context: ControllerContext) => readonly ObjectKey[];
    /** Which updates matter; absent: all. */
    readonly changed?: (old: T, object: T) => boolean;
    /** How long to gather changes before they bring a key in. Default 0. */
    readonly delayMs?: (key: ObjectKey) => number;
  },
): WatchedSource {
  return {
    kind: 'watched',
    type: type as ResourceType<KubeObject>,
    selection: options.selection,
    map: options.map as WatchedSource['map'],
    changed: options.changed as WatchedSource['changed'],
    delayMs: options.delayMs,
  };
}

/** Thrown by a step when trying again cannot help until something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Thrown by a step that has to be tried again, though nothing went wrong: logged as a detail only. */
export class ExpectedError extends Error {
  override readonly name = 'ExpectedError';
}
