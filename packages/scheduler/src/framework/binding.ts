import type { Client } from '@kts/client';
import type { Clock } from '@kts/base';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { Listers } from './snapshot.ts';

/** The world as plugins meet it while a decision is carried out. */
export interface Binding {
  readonly client: Client;
  readonly clock: Clock;
  /** Live caches, overlaid with what was assumed. */
  readonly listers: Listers;
  readonly assumptions: Assumptions;
  readonly signal: AbortSignal;
}

/** Volumes and claims as the scheduler is about to write them; reads of `listers` see them at once. */
export interface Assumptions {
  assumeVolume(volume: PersistentVolume): void;
  assumeClaim(claim: PersistentVolumeClaim): void;
  forgetVolume(name: string): void;
  forgetClaim(claim: PersistentVolumeClaim): void;
}
