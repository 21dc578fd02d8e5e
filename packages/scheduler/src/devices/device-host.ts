import type { Pod } from '@kts/api/types/core-v1';
import type { ClaimTracker } from './claim-tracker.ts';
import type { DeviceClasses } from './device-classes.ts';
import type { ResourceSlices } from './device-pools.ts';
import type { DeviceSelectors } from './device-selectors.ts';

/** What the allocation of devices needs of the scheduler that does it. */
export interface DeviceHost {
  readonly claims: ClaimTracker;
  readonly classes: DeviceClasses;
  /** The same object until a slice changes. */
  readonly slices: () => ResourceSlices;
  readonly selectors: DeviceSelectors;
  /** Loads what `selectors` need; `undefined` if that has been done. */
  readonly load: () => Promise<void> | undefined;
  readonly newUid: () => string;
  /** Milliseconds from some start. */
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Tells, as an event, that the pod waits for its devices on the node. */
  readonly onWaiting: (pod: Pod, nodeName: string) => void;
}
