import type { Component } from '@kts/base';
import { createControllerRunner, type AnyControllerDefinition, type ControllerDependencies } from '@kts/controlkit';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { createLazyController, type Trigger } from '../lazy/lazy-controller.ts';
import { createPeriodicController, type PeriodicController } from '../periodic/periodic-controller.ts';

/** One controller of the manager, under the name that `--controllers` knows. */
export interface ControllerEntry {
  readonly name: string;
  /** The component that its events name; it differs from the controller's name where upstream's does. */
  readonly eventSource: string;
  readonly offByDefault?: boolean;
  /** Whether the configuration leaves it any work. */
  readonly hasWork?: (config: ControllerManagerConfig) => boolean;
  readonly make: (config: ControllerManagerConfig, deps: ControllerDependencies) => readonly Component[];
}

/** A controller that most clusters need from the first moment on, or several that belong together. */
export function always(
  load: (config: ControllerManagerConfig) => readonly (AnyControllerDefinition | PeriodicController)[],
): ControllerEntry['make'] {
  return (config, deps) => load(config).map((definition) => runnerOf(definition, deps));
}

/** The same, loaded when the first object is there that any of the triggers names; without triggers at once. */
export function lazily(
  triggers: readonly Trigger[],
  load: (config: ControllerManagerConfig) => Promise<readonly (AnyControllerDefinition | PeriodicController)[]>,
): ControllerEntry['make'] {
  return (config, deps) => {
    const loadRunners = async (): Promise<readonly Component[]> =>
      (await load(config)).map((definition) => runnerOf(definition, deps));
    return [createLazyController(triggers, loadRunners, deps)];
  };
}

function runnerOf(definition: AnyControllerDefinition | PeriodicController, deps: ControllerDependencies): Component {
  return 'look' in definition ? createPeriodicController(definition, deps) : createControllerRunner(definition, deps);
}
