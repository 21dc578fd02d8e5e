import { deviceClasses, resourceClaims, resourceSlices } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { assert, type Clock, type Random } from '@kts/base';
import type { Informers } from '@kts/controlkit';
import { ClaimTracker } from './devices/claim-tracker.ts';
import { DeviceClasses } from './devices/device-classes.ts';
import type { DeviceHost } from './devices/device-host.ts';
import { sortSlices, type ResourceSlices } from './devices/device-pools.ts';
import { DeviceSelectors, type SelectorLanguage } from './devices/device-selectors.ts';

/** The devices of the cluster as its informers show them. */
export interface DeviceWatch {
  readonly host: DeviceHost;
  stop(): void;
}

export interface DeviceWatchDeps {
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly onWaiting: (pod: Pod, nodeName: string) => void;
}

/** Must subscribe before whoever acts on events about these objects, so that what they see is up to date. */
export function watchDevices({ informers, clock, random, onWaiting }: DeviceWatchDeps): DeviceWatch {
  const claims = new ClaimTracker();
  const classes = new DeviceClasses();
  const slices = informers.get(resourceSlices);
  let sorted: ResourceSlices | undefined;
  const changed = (): void => {
    sorted = undefined;
  };
  const stops = [
    slices.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed }),
    informers.get(resourceClaims).subscribe({
      onAdd: (claim) => claims.observe(claim),
      onUpdate: (_, claim) => claims.observe(claim),
      onDelete: (claim) => claims.forget(claim),
    }),
    informers.get(deviceClasses).subscribe({
      onAdd: (one) => classes.set(one),
      onUpdate: (_, one) => classes.set(one),
      onDelete: (one) => classes.delete(one),
    }),
  ];
  const { language, load } = lazyLanguage();
  return {
    host: {
      claims,
      classes,
      slices: () => (sorted ??= sortSlices(slices.list())),
      selectors: new DeviceSelectors(language),
      load,
      newUid: () => random.uuid(),
      monotonic: () => clock.monotonic(),
      now: () => clock.now(),
      onWaiting,
    },
    stop: () => stops.forEach((stop) => stop()),
  };
}

function lazyLanguage(): { readonly language: () => SelectorLanguage; readonly load: DeviceHost['load'] } {
  let loaded: SelectorLanguage | undefined;
  let loading: Promise<void> | undefined;
  return {
    language: () => {
      assert(loaded !== undefined, 'the language of device selectors is not loaded');
      return loaded;
    },
    load: () => {
      if (loaded !== undefined) return undefined;
      loading ??= import('./devices/selector-language.ts').then(({ createSelectorLanguage }) => {
        loaded = createSelectorLanguage();
      });
      return loading;
    },
  };
}
